"""A day's work with Python's own mail clients. Reads the server's ports and accounts as JSON; any surprise raises."""
import email
import email.policy
import imaplib
import json
import poplib
import smtplib
import ssl
import sys
from email.message import EmailMessage

spec = json.load(sys.stdin)
ports, alice, bob, password = spec["ports"], spec["alice"], spec["bob"], spec["password"]
tls = ssl.create_default_context()
tls.check_hostname = False
tls.verify_mode = ssl.CERT_NONE


def letter(subject, text, attachment=None):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = alice, bob, subject
    message.set_content(text)
    if attachment is not None:
        message.add_attachment(attachment, maintype="application", subtype="octet-stream", filename="Gr\u00fc\u00dfe.bin")
    return message


with smtplib.SMTP("127.0.0.1", ports["submission"]) as smtp:
    smtp.starttls(context=tls)
    smtp.login(alice, password)
    assert smtp.send_message(letter("Gr\u00fc\u00dfe", ".a dot\n\u00e4\u00f6\u00fc\n")) == {}
    assert smtp.send_message(letter("attachment", "see below", bytes(range(256)) * 400)) == {}
    try:
        smtp.sendmail("president@foreign.test", [bob], "Subject: forged\r\n\r\n")
        raise AssertionError("a forged sender was accepted")
    except smtplib.SMTPSenderRefused as refused:
        assert refused.smtp_code == 553, refused
with smtplib.SMTP_SSL("127.0.0.1", ports["submissions"], context=tls) as smtp:
    smtp.login(alice, password)
    smtp.send_message(letter("third", "x" * 200000))

box = imaplib.IMAP4("127.0.0.1", ports["imap"])
assert "LOGINDISABLED" in box.capabilities, box.capabilities
box.starttls(ssl_context=tls)
box.login(bob, password)
assert box.select("INBOX") == ("OK", [b"3"])
status, found = box.search("UTF-8", "SUBJECT", '"Gr\u00fc\u00dfe"'.encode())
assert (status, found) == ("OK", [b"1"]), (status, found)
status, data = box.fetch("1", "(UID FLAGS RFC822.SIZE BODY.PEEK[])")
assert status == "OK"
raw = data[0][1]
assert f"RFC822.SIZE {len(raw)}".encode() in data[0][0], data[0][0]
parsed = email.message_from_bytes(raw, policy=email.policy.default)
assert parsed["Subject"] == "Gr\u00fc\u00dfe", parsed["Subject"]
assert parsed.get_content().replace("\r\n", "\n") == ".a dot\n\u00e4\u00f6\u00fc\n"
status, data = box.fetch("2", "(BODY.PEEK[2] BODYSTRUCTURE)")
import base64
assert base64.b64decode(data[0][1]) == bytes(range(256)) * 400
assert box.create("Work/2026") [0] == "OK"
assert box.create("&AMQ-rger")[0] == "OK"
status, names = box.list()
assert any(b"Work/2026" in name for name in names) and any(b"&AMQ-rger" in name for name in names), names
assert box.copy("1:2", "Work/2026")[0] == "OK"
assert box.uid("MOVE", "3", "Trash")[0] == "OK"
box.response("EXPUNGE")  # imaplib keeps what MOVE said
assert box.store("1", "+FLAGS", r"(\Deleted \Flagged $Label1)")[0] == "OK"
status, gone = box.expunge()
assert (status, gone) == ("OK", [b"1"]), (status, gone)
assert box.status("Work/2026", "(MESSAGES UNSEEN UIDNEXT)")[1][0].endswith(b"(MESSAGES 2 UNSEEN 2 UIDNEXT 3)")
status, data = box.append("Drafts", r"(\Draft)", imaplib.Time2Internaldate(1760000000), b"Subject: draft\r\n\r\nNot yet\r\n")
assert status == "OK" and b"APPENDUID" in data[0], data
assert box.rename("Work/2026", "Work/2027")[0] == "OK"
assert box.delete("&AMQ-rger")[0] == "OK"
assert box.select("Work/2026")[0] == "NO"
box.select("INBOX")
box.logout()

drop = poplib.POP3("127.0.0.1", ports["pop3"])
assert "STLS" in drop.capa()
drop.stls(context=tls)
assert drop.capa()["UTF8"] == ["USER"] and drop.capa()["EXPIRE"] == ["NEVER"], drop.capa()
drop.utf8()
drop.user(bob)
drop.pass_(password)
count, size = drop.stat()
assert count == 1, count
assert drop.list()[1][0].split()[1] == str(size).encode()
uid = drop.uidl(1)
assert len(b"\r\n".join(drop.top(1, 0)[1])) < 5000
lines = drop.retr(1)[1]
assert sum(len(line) + 2 for line in lines) == size, size
drop.dele(1)
drop.rset()
drop.dele(1)
drop.quit()
drop = poplib.POP3_SSL("127.0.0.1", ports["pop3s"], context=tls)
drop.user(bob)
drop.pass_(password)
assert drop.stat() == (0, 0)
drop.quit()
print("all well", uid)
