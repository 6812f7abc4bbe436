/**
 * Which conversation a message belongs to (THREADID, RFC 8474 section 5.2), told by the message alone: the hash of its root,
 * which is the oldest message that it refers to, or else itself. So it never changes, needs no look at other messages, and is the
 * same in every mailbox and after every move.
 */
import type { MessageDigest } from "../wire/mime/digest.ts";

/**
 * A hash of 53 bits, so that it is a plain number here and an integer there. It tells messages apart, it guards nothing: whoever
 * wants to be in a conversation has only to name its root. It is stored, so it must never change.
 */
export function hashId(id: string): number {
  let a = 0x811c9dc5;
  let b = 0x2f0b4c47;
  for (let i = 0; i < id.length; i++) {
    const unit = id.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x9e3779b1);
    b = b << 13 | b >>> 19;
  }
  const high = mix(a ^ b >>> 7) & 0x1fffff;
  // 0 stands for "none".
  return high * 0x100000000 + (mix(b + Math.imul(a, 5)) >>> 0) || 1;
}

/** The message's own id without its brackets, as `references` has those of others; null when there is none. */
export function ownId(digest: MessageDigest): string | null {
  const text = digest.envelope.messageId ?? "";
  const close = text.indexOf(">");
  const open = text.lastIndexOf("<", close);
  const id = (open >= 0 && close > open ? text.slice(open + 1, close) : text).replace(/[ \t]/g, "");
  return id === "" ? null : id;
}

/** An id as it is compared: quoting says nothing (RFC 5256 section 3, step 1 of REFERENCES). */
export function hashMessageId(id: string): number {
  return hashId(id.includes('"') ? id.replace(/["\\]/g, "") : id);
}

export function threadOf(digest: MessageDigest, bodyId: number): number {
  const root = digest.references[0] ?? ownId(digest);
  return root === null ? hashId(`body ${bodyId}`) : hashMessageId(root);
}

/** The THREADID as clients see it. */
export function formatThreadId(thread: number): string {
  return `T${thread.toString(36)}`;
}

/** The thread that a THREADID names; null for what was never one. */
export function parseThreadId(text: string): number | null {
  const thread = /^T[0-9a-z]{1,11}$/.test(text) ? parseInt(text.slice(1), 36) : NaN;
  return Number.isSafeInteger(thread) && formatThreadId(thread) === text ? thread : null;
}

function mix(value: number): number {
  let mixed = Math.imul(value ^ value >>> 16, 0x85ebca6b);
  mixed = Math.imul(mixed ^ mixed >>> 13, 0xc2b2ae35);
  return mixed ^ mixed >>> 16;
}
