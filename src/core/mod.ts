/**
 * The core room: the words that every other room speaks, and the ports through which the outside world comes in.
 *
 * Nothing here imports another room, and nothing here reads a clock, a socket or chance; what needs one is
 * given it. Everything is immutable. There is no barrel: import the file that holds the word you need.
 *
 * - `address.ts`, `domain.ts`, `envelope.ts`: who, and to whom
 * - `reply.ts`, `outcome.ts`, `errors.ts`: what was said, what became of it, what went wrong
 * - `ports.ts`: Conn, Clock, Random, Log, Metrics, Resolver, Submit, Authenticate
 * - `bytes.ts`, `unicode.ts`, `line_reader.ts`, `id.ts`: small tools over these
 *
 * @module
 */
export {};
