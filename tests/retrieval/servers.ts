/** Scripts for `scripted.ts`: small servers over data that a test can change, and that note what was asked. */
import { encodeLatin1 } from "../../src/core/bytes.ts";
import type { FakeClient } from "../support/fake_conn.ts";
import type { Script } from "./scripted.ts";

export interface Mail {
  readonly uid: number;
  readonly text: string;
  /** What the server says its size is; the truth when missing. */
  readonly size?: number;
}

export interface ImapData {
  validity: number;
  mails: Mail[];
  /** Commands in order, without tags. */
  readonly asked: string[];
  /** Instead of what the server would say to a command. */
  readonly answers: Map<RegExp, (peer: FakeClient, tag: string) => void | Promise<void>>;
}

export function imapData(mails: Mail[] = []): ImapData {
  return { validity: 1, mails, asked: [], answers: new Map() };
}

export function imapServer(data: ImapData): Script {
  return async (peer) => {
    peer.write("* OK ready\r\n");
    for (;;) {
      const line = await peer.readLine();
      if (line === null) return;
      const [tag = "", ...words] = line.split(" ");
      const command = words.join(" ");
      data.asked.push(command);
      const own = [...data.answers].find(([pattern]) => pattern.test(command))?.[1];
      if (own !== undefined) await own(peer, tag);
      else answerImap(data, peer, { tag, command });
      if (command === "LOGOUT") return;
    }
  };
}

function answerImap(
  data: ImapData,
  peer: FakeClient,
  { tag, command }: { tag: string; command: string },
): void {
  if (command === "CAPABILITY") peer.write("* CAPABILITY IMAP4rev1 UIDPLUS IDLE\r\n");
  if (/^(SELECT|EXAMINE)/.test(command)) {
    const next = Math.max(0, ...data.mails.map(({ uid }) => uid)) + 1;
    peer.write(`* ${data.mails.length} EXISTS\r\n* OK [UIDVALIDITY ${data.validity}] x\r\n`);
    peer.write(`* OK [UIDNEXT ${next}] x\r\n`);
  }
  const fetch = /^UID FETCH (\S+) \((.*)\)$/.exec(command);
  if (fetch !== null) {
    for (const mail of chosen(data.mails, fetch[1]!)) {
      const size = mail.size ?? mail.text.length;
      const partial = Number(/<0\.(\d+)>$/.exec(fetch[2]!)?.[1] ?? Infinity);
      const header = mail.text.slice(0, Math.min(partial, mail.text.indexOf("\r\n\r\n") + 4));
      if (fetch[2] === "UID RFC822.SIZE") peer.write(`* 1 FETCH (RFC822.SIZE ${size} UID ${mail.uid})\r\n`);
      else if (fetch[2]!.includes("HEADER.FIELDS")) {
        const name = "BODY[HEADER.FIELDS (MESSAGE-ID DATE FROM SUBJECT)]" + (partial < Infinity ? "<0>" : "");
        peer.write(`* 1 FETCH (UID ${mail.uid} ${name} {${header.length}}\r\n${header})\r\n`);
      } else {
        peer.write(`* 1 FETCH (UID ${mail.uid} BODY[] {${mail.text.length}}\r\n`);
        peer.write(encodeLatin1(mail.text));
        peer.write(")\r\n* 3 EXISTS\r\n");
      }
    }
  }
  const expunge = /^UID EXPUNGE (\S+)$/.exec(command);
  if (expunge !== null) {
    const gone = new Set(chosen(data.mails, expunge[1]!));
    data.mails = data.mails.filter((mail) => !gone.has(mail));
  }
  peer.write(`${tag} OK done\r\n`);
}

function chosen(mails: readonly Mail[], set: string): Mail[] {
  const star = /^(\d+):\*$/.exec(set);
  // The last one always matches (RFC 3501 section 6.4.8).
  if (star !== null) return mails.filter(({ uid }, i) => uid >= Number(star[1]) || i === mails.length - 1);
  const uids = set.split(",").map(Number);
  return mails.filter(({ uid }) => uids.includes(uid));
}

export interface Pop3Data {
  mails: { readonly uid: string; readonly text: string }[];
  readonly asked: string[];
  readonly answers: Map<RegExp, (peer: FakeClient) => void | Promise<void>>;
}

export function pop3Data(mails: Pop3Data["mails"] = []): Pop3Data {
  return { mails, asked: [], answers: new Map() };
}

export function pop3Server(data: Pop3Data): Script {
  return async (peer) => {
    peer.write("+OK ready\r\n");
    const deleted = new Set<number>();
    for (;;) {
      const line = await peer.readLine();
      if (line === null) return;
      data.asked.push(line);
      const own = [...data.answers].find(([pattern]) => pattern.test(line))?.[1];
      if (own !== undefined) {
        await own(peer);
        continue;
      }
      const [verb, number = ""] = line.split(" ");
      const listing = (text: (mail: Pop3Data["mails"][number]) => string) =>
        `+OK\r\n${data.mails.map((mail, i) => `${i + 1} ${text(mail)}\r\n`).join("")}.\r\n`;
      if (verb === "CAPA") peer.write("+OK\r\nUSER\r\nPIPELINING\r\n.\r\n");
      else if (verb === "UIDL") peer.write(listing(({ uid }) => uid));
      else if (verb === "LIST") peer.write(listing(({ text }) => String(text.length)));
      else if (verb === "RETR") {
        const { text } = data.mails[Number(number) - 1]!;
        peer.write(encodeLatin1(`+OK\r\n${text.replace(/^\./gm, "..")}.\r\n`));
      } else {
        if (verb === "DELE") deleted.add(Number(number) - 1);
        if (verb === "QUIT") data.mails = data.mails.filter((_, i) => !deleted.has(i));
        peer.write("+OK\r\n");
        if (verb === "QUIT") return;
      }
    }
  };
}

export function letter(name: string, body = "Hello\r\n"): string {
  return `Return-Path: <list@elsewhere.test>\r\nMessage-ID: <${name}@elsewhere.test>\r\n` +
    `From: a@elsewhere.test\r\nSubject: ${name}\r\n\r\n${body}`;
}
