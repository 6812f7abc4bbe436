import { bearerResponse, plainResponse } from "../wire/sasl/client.ts";
import { BEARER_MECHANISMS, encodeBase64 } from "../wire/sasl/mod.ts";
import { RetrievalError } from "./errors.ts";
import type { SourceSpec } from "./source.ts";

/** What is shown to the other side: a password, or a token that was fetched just now or (`isFresh` false) some time ago. */
export type Credential =
  | { readonly kind: "password"; readonly password: string }
  | { readonly kind: "token"; readonly token: string; readonly isFresh: boolean };

/** What is shown, and to whom. */
export interface LogInAttempt {
  readonly spec: SourceSpec;
  readonly credential: Credential;
}

/** The other side does not let us in; `said` is what it said. */
export function refusedLogIn(attempt: LogInAttempt, said: string): RetrievalError {
  const { host, user } = attempt.spec;
  const words = said === "" ? "" : `: ${withoutSecret(said, attempt)}`;
  return new RetrievalError("refused", `${host} refuses the log-in of ${user}${words}`);
}

/** It lets nobody in at the moment. */
export function noLogInNow(attempt: LogInAttempt, said: string): RetrievalError {
  const words = withoutSecret(said, attempt);
  return new RetrievalError("trouble", `${attempt.spec.host} takes no log-ins at the moment: ${words}`);
}

/** Some servers repeat a line that they do not understand, with the password in it. */
function withoutSecret(said: string, attempt: LogInAttempt): string {
  return formsOf(attempt).reduce((text, form) => text.replaceAll(form, "[...]"), said);
}

/** All in which a secret goes over the wire: as it is, quoted, and in base64. */
function formsOf({ spec, credential }: LogInAttempt): string[] {
  if (credential.kind === "password") {
    const { password } = credential;
    const quoted = password.replace(/["\\]/g, "\\$&");
    return [encodeBase64(plainResponse(spec.user, password)), quoted, password];
  }
  const { token } = credential;
  const responses = BEARER_MECHANISMS.map((name) => encodeBase64(bearerResponse(name, { ...spec, token })));
  return [...responses, token];
}

/** Nothing that we can do is offered. */
export function noMechanism({ host, oauth }: SourceSpec): RetrievalError {
  const what = oauth === null ? "a password" : "an OAuth 2 token";
  return new RetrievalError("trouble", `${host} offers no log-in with ${what} on this connection`);
}
