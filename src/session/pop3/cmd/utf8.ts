import { ok } from "../../../wire/pop3/mod.ts";
import type { Answer } from "../context.ts";

/**
 * RFC 6856 section 2.1: the client can read UTF-8 in headers. There is nothing to switch: a message is sent as it is stored to
 * every client. A downgraded stand-in (RFC 6858) for those that did not say UTF8 would break signatures, lose addresses that have
 * no ASCII form, and have another size than LIST says; to refuse the message would keep old clients from their mail.
 */
export function utf8(): Answer {
  return { reply: ok("UTF-8 it is") };
}
