import { authenticate } from "./cmd/authenticate.ts";
import { capability } from "./cmd/capability.ts";
import { checkscript } from "./cmd/checkscript.ts";
import { deletescript } from "./cmd/deletescript.ts";
import { getscript } from "./cmd/getscript.ts";
import { havespace } from "./cmd/havespace.ts";
import { listscripts } from "./cmd/listscripts.ts";
import { logout } from "./cmd/logout.ts";
import { noop } from "./cmd/noop.ts";
import { putscript } from "./cmd/putscript.ts";
import { renamescript } from "./cmd/renamescript.ts";
import { setactive } from "./cmd/setactive.ts";
import { starttls } from "./cmd/starttls.ts";
import { unauthenticate } from "./cmd/unauthenticate.ts";
import type { Command } from "./command.ts";

/** Every command by its name; where each is legal stands in its row. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ["AUTHENTICATE", authenticate],
  ["STARTTLS", starttls],
  ["LOGOUT", logout],
  ["CAPABILITY", capability],
  ["HAVESPACE", havespace],
  ["PUTSCRIPT", putscript],
  ["LISTSCRIPTS", listscripts],
  ["SETACTIVE", setactive],
  ["GETSCRIPT", getscript],
  ["DELETESCRIPT", deletescript],
  ["RENAMESCRIPT", renamescript],
  ["CHECKSCRIPT", checkscript],
  ["NOOP", noop],
  ["UNAUTHENTICATE", unauthenticate],
]);
