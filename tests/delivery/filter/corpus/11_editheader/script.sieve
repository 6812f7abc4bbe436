require "editheader";
addheader "X-Tag" "seen";
deleteheader "Message-ID";
