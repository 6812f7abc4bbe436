"""Python's imaplib with what it does not do by itself: ENABLE, UTF8=ACCEPT, MULTIAPPEND, BINARY, ESEARCH, SORT, THREAD, CONDSTORE.
Reads the server's port and account as JSON; any surprise raises."""
import imaplib
import json
import re
import ssl
import sys

spec = json.load(sys.stdin)
tls = ssl.create_default_context()
tls.check_hostname = False
tls.verify_mode = ssl.CERT_NONE

def ok(answer):
    status, data = answer
    assert status == "OK", answer
    return data


def append(box, mailbox, parts):
    """APPEND as imaplib has no method for: several literals in one command (RFC 3502), or one in UTF8 (...) (RFC 6855)."""
    tag = box._new_tag()
    box.tagged_commands[tag] = None
    before = tag + b" APPEND " + mailbox
    for head, octets, tail in parts:
        box.send(before + head + b"{%d}\r\n" % len(octets))
        while box._get_response():
            if box.tagged_commands[tag]:
                return box.tagged_commands.pop(tag)  # refused before the literal
        before = octets + tail
    box.send(before + b"\r\n")
    return box._command_complete("APPEND", tag)


def letter(subject, sender="carol@foreign.test", references=(), day=1):
    lines = [
        f"From: {sender}", f"Subject: {subject}", f"Date: Fri, {day:02} Jan 2026 03:04:05 +0000",
        f"Message-ID: <{day}@foreign.test>",
    ]
    if references:
        lines.append("References: " + " ".join(f"<{day}@foreign.test>" for day in references))
    return "\r\n".join([*lines, "", f"Text number {day}.", ""]).encode()


box = imaplib.IMAP4_SSL("127.0.0.1", spec["port"], ssl_context=tls)
box.authenticate("PLAIN", lambda _: f"\0{spec['user']}\0{spec['password']}".encode())
ok(box.enable("UTF8=ACCEPT"))
assert box.utf8_enabled

# RFC 6855: names and headers in UTF-8, without modified UTF-7 and without encoded words.
ok(box.create('"Ärger/日本"'))
names = b"\n".join(ok(box.list()))
assert "Ärger/日本".encode() in names, names
text = "Subject: Grüße\r\n\r\nText\r\n".encode()
ok(append(box, '"Ärger/日本"'.encode(), [(b" UTF8 (~", text, b")")]))
assert ok(box.select('"Ärger/日本"')) == [b"1"]
assert "Subject: Grüße".encode() in ok(box.fetch("1", "(BODY.PEEK[HEADER])"))[0][1]

# RFC 3502: all or nothing.
data = ok(append(box, b"Archive", [
    (b" (\\Seen) ", letter("beta", day=2), b""),
    (b" ($Work) ", letter("Re: alpha", references=(1,), day=3), b""),
    (b" ", letter("alpha", day=1), b""),
]))
assert re.search(rb"APPENDUID \d+ 1:3\]", data[0]), data
status, data = append(box, b"Archive", [(b" ", letter("gamma", day=4), b""), (b" (no-such-date", b"", b"")])
assert status in ("NO", "BAD"), data
assert ok(box.select("Archive")) == [b"3"]

# RFC 5256; RFC 4731; RFC 7162; RFC 3516.
assert ok(box.sort("(SUBJECT DATE)", "UTF-8", "ALL")) == [b"3 2 1"]
assert ok(box.sort("(REVERSE DATE)", "UTF-8", "ALL")) == [b"2 1 3"]
assert ok(box.thread("REFERENCES", "UTF-8", "ALL")) == [b"(3 2)(1)"], box.thread("REFERENCES", "UTF-8", "ALL")
ok(box._simple_command("SEARCH", "RETURN", "(MIN MAX COUNT)", "TEXT", "number"))
answer = box.response("ESEARCH")[1][0]
assert b"MIN 1 MAX 3 COUNT 3" in answer, answer
before = int(re.search(rb"HIGHESTMODSEQ (\d+)", ok(box.status("Archive", "(HIGHESTMODSEQ)"))[0]).group(1))
ok(box.store("2", "+FLAGS", "(\\Flagged)"))
changed = ok(box.fetch("1:*", f"(FLAGS) (CHANGEDSINCE {before})"))
assert len(changed) == 1 and changed[0].startswith(b"2 ") and b"MODSEQ" in changed[0], changed
status, data = box.store("2:3", f"(UNCHANGEDSINCE {before}) +FLAGS", "(\\Answered)")
assert status == "OK" and len(data) == 1 and data[0].startswith(b"3 "), (status, data)
assert b"number 1" in ok(box.fetch("3", "(BINARY.PEEK[1])"))[0][1]


assert box.namespace()[0] == "OK"
ok(box.getquotaroot("INBOX"))
ok(box.unselect())
box.logout()
print("all well")
