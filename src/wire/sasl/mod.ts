/**
 * SASL, the server's side (RFC 4422): the mechanisms PLAIN (RFC 4616) and LOGIN (draft-murchison-sasl-login) as machines
 * without input or output, shared by SMTP, IMAP and POP3. A session feeds a machine the decoded responses and sends the
 * challenges it asks for; at the end stands a pair of name and password, never a decision. Nothing here keeps, logs
 * or shows a password, and no error message repeats what the client sent.
 */
export { decodeBase64, encodeBase64 } from "./base64.ts";
export { actsForItself, type Credentials, decodePlain } from "./plain.ts";
export {
  SASL_MECHANISMS,
  type SaslExchange,
  type SaslMechanism,
  type SaslStep,
  startSasl,
} from "./exchange.ts";
