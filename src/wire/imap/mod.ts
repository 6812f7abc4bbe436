/**
 * IMAP's grammar, text to values and back (RFC 3501 section 9): nothing here knows a mailbox, a socket or a clock.
 *
 * - A command is a list of segments, text with or without a literal at its end; `Decoder` reads it from left to
 *   right with `try...` and `expect...`. One small file per command with arguments (`fetch.ts`, `search.ts` ...) has its
 *   `decode...` function, under the name that the command has in `session/imap/cmd/` too.
 * - `Encoder` collects what is sent and chooses between quoted string and literal.
 * - The only thing decoding throws is `ProtocolError`; no function calls itself to the depth of the input, and no byte of
 *   the client reaches a regular expression that could be slow.
 */
export * from "./acl.ts";
export * from "./append.ts";
export * from "./authenticate.ts";
export * from "./body_structure.ts";
export * from "./compress.ts";
export * from "./create.ts";
export * from "./date_time.ts";
export * from "./decoder.ts";
export * from "./encoder.ts";
export * from "./envelope.ts";
export * from "./esearch.ts";
export * from "./fetch.ts";
export * from "./flag.ts";
export * from "./id.ts";
export * from "./imap_url.ts";
export * from "./list.ts";
export * from "./list_pattern.ts";
export * from "./list_patterns.ts";
export * from "./literal.ts";
export * from "./login.ts";
export * from "./mailbox.ts";
export * from "./metadata.ts";
export * from "./modifiers.ts";
export * from "./modseq.ts";
export * from "./notify.ts";
export * from "./quota.ts";
export * from "./partial.ts";
export * from "./replace.ts";
export * from "./response.ts";
export * from "./search.ts";
export * from "./search_return.ts";
export * from "./search_term.ts";
export * from "./section.ts";
export * from "./select.ts";
export * from "./sequence_set.ts";
export * from "./sort.ts";
export * from "./status.ts";
export * from "./store.ts";
export * from "./thread.ts";
export * from "./utf7.ts";
export * from "./vanished.ts";
