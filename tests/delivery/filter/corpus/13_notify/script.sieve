require ["enotify", "fileinto"];
notify :importance "1" :message "Bob wrote" "mailto:pager@example.net";
