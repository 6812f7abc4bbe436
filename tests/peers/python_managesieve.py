"""Scripts with Python's sievelib over ManageSieve. Reads port and account as JSON; any surprise raises."""
import json
import ssl
import sys

from sievelib.managesieve import Client

spec = json.load(sys.stdin)
# It has no way to be told that a certificate is self-signed.
ssl._create_default_https_context = ssl._create_unverified_context
ssl.create_default_context = ssl._create_unverified_context

client = Client("127.0.0.1", spec["port"])
assert client.connect(spec["user"], spec["password"], starttls=True, authmech="PLAIN"), client.errmsg
assert "vacation" in client.get_sieve_capabilities(), client.get_sieve_capabilities()
script = 'require ["fileinto"];\r\nif header :is "subject" "Gr\u00fc\u00dfe" { fileinto "Archive"; }\r\n'
assert client.havespace("first", 1000)
assert not client.havespace("first", 10_000_000)
assert client.putscript("first", script), client.errmsg
assert client.putscript("second", "keep;"), client.errmsg
assert not client.putscript("third", 'fileinto "Work";')
assert b"Line 1, column 1" in client.errmsg, client.errmsg
assert client.checkscript("discard;"), client.errmsg
assert client.setactive("first"), client.errmsg
assert client.listscripts() == ("first", ["second"]), client.listscripts()
assert client.getscript("first").replace("\r\n", "\n").strip() == script.replace("\r\n", "\n").strip()
assert not client.deletescript("first")
assert client.renamescript("first", "main"), client.errmsg
assert client.listscripts() == ("main", ["second"]), client.listscripts()
assert client.setactive(""), client.errmsg
assert client.deletescript("main") and client.deletescript("second"), client.errmsg
assert client.listscripts() == (None, []), client.listscripts()
client.logout()
