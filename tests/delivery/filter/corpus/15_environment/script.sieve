require ["environment", "fileinto", "envelope", "subaddress"];
if allof (environment "location" "MDA", environment "remote-ip" "192.0.2.1",
  environment :contains "domain" "example.com", envelope :localpart "to" "ally") {
  fileinto "Archive";
}
