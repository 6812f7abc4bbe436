import { RetrievalError } from "./errors.ts";
import type { SourceSpec } from "./source.ts";

/** What is shown to the other side: a password, or a token that was fetched just now or (`isFresh` false) some time ago. */
export type Credential =
  | { readonly kind: "password"; readonly password: string }
  | { readonly kind: "token"; readonly token: string; readonly isFresh: boolean };

/** The other side does not let us in; `said` is what it said. */
export function refusedLogIn({ host, user }: SourceSpec, said: string): RetrievalError {
  const words = said === "" ? "" : `: ${said}`;
  return new RetrievalError("refused", `${host} refuses the log-in of ${user}${words}`);
}

/** It lets nobody in at the moment. */
export function noLogInNow({ host }: SourceSpec, said: string): RetrievalError {
  return new RetrievalError("trouble", `${host} takes no log-ins at the moment: ${said}`);
}

/** Nothing that we can do is offered. */
export function noMechanism({ host, oauth }: SourceSpec): RetrievalError {
  const what = oauth === null ? "a password" : "an OAuth 2 token";
  return new RetrievalError("trouble", `${host} offers no log-in with ${what} on this connection`);
}
