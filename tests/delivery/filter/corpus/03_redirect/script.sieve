redirect "eve@example.net";
