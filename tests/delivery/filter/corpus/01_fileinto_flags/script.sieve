require ["fileinto", "imap4flags", "mailbox", "copy"];
if header :contains "subject" "hello" {
  fileinto :create :flags ["\\Seen", "work"] "Lists/Bob";
  fileinto :copy :flags "\\Flagged" "Archive";
  stop;
}
