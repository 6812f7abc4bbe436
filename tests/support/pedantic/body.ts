import { decodeLatin1 } from "../../../src/core/bytes.ts";
import type { Scanner } from "./scanner.ts";

/** ENVELOPE (RFC 3501 section 9 `envelope`). */
export function envelope(scanner: Scanner): void {
  scanner.expect("(");
  scanner.nstring();
  scanner.space();
  scanner.nstring();
  for (let i = 0; i < 6; i++) {
    scanner.space();
    addresses(scanner);
  }
  scanner.space();
  scanner.nstring();
  scanner.space();
  scanner.nstring();
  scanner.expect(")");
}

function addresses(scanner: Scanner): void {
  if (scanner.try("NIL")) return;
  scanner.expect("(");
  do {
    scanner.expect("(");
    for (let i = 0; i < 4; i++) {
      if (i > 0) scanner.space();
      scanner.nstring();
    }
    scanner.expect(")");
  } while (scanner.next === "(");
  scanner.expect(")");
}

/** BODYSTRUCTURE, or with `extended` false BODY (RFC 3501 section 9 `body`). */
export function body(scanner: Scanner, extended: boolean): void {
  scanner.expect("(");
  if (scanner.next === "(") multipart(scanner, extended);
  else singlePart(scanner, extended);
  scanner.expect(")");
}

function multipart(scanner: Scanner, extended: boolean): void {
  do body(scanner, extended); while (scanner.next === "(");
  scanner.space();
  scanner.string();
  if (!extended || !scanner.try(" ")) return;
  parameters(scanner);
  commonExtension(scanner);
}

function singlePart(scanner: Scanner, extended: boolean): void {
  const type = decodeLatin1(scanner.string()).toLowerCase();
  scanner.space();
  const subtype = decodeLatin1(scanner.string()).toLowerCase();
  scanner.space();
  parameters(scanner);
  scanner.space();
  scanner.nstring();
  scanner.space();
  scanner.nstring();
  scanner.space();
  scanner.string();
  scanner.space();
  scanner.number();
  // RFC 9051 section 9 `media-message`; to RFC 3501 a message/global is a part like any other.
  const isMessage = type === "message" &&
    (subtype === "rfc822" || (subtype === "global" && scanner.mode.utf8));
  if (isMessage) {
    scanner.space();
    envelope(scanner);
    scanner.space();
    body(scanner, extended);
  }
  if (type === "text" || isMessage) {
    scanner.space();
    scanner.number64();
  }
  if (!extended || !scanner.try(" ")) return;
  scanner.nstring();
  commonExtension(scanner);
}

function parameters(scanner: Scanner): void {
  if (scanner.try("NIL")) return;
  scanner.list(() => {
    scanner.string();
    scanner.space();
    scanner.string();
  });
}

/** Disposition, language, location, and what later extensions may add; each only behind the one before it. */
function commonExtension(scanner: Scanner): void {
  if (!scanner.try(" ")) return;
  if (!scanner.try("NIL")) {
    scanner.expect("(");
    scanner.string();
    scanner.space();
    parameters(scanner);
    scanner.expect(")");
  }
  if (!scanner.try(" ")) return;
  if (scanner.next === "(") scanner.list(() => scanner.string());
  else scanner.nstring();
  if (!scanner.try(" ")) return;
  scanner.nstring();
}
