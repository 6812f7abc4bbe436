require ["vacation", "fcc"];
vacation :mime :fcc "Sent" text:
Content-Type: text/html; charset=utf-8
Bcc: everybody@example.org

<p>Away.</p>
.
;
