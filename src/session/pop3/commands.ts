import { auth } from "./cmd/auth.ts";
import { capa } from "./cmd/capa.ts";
import { dele } from "./cmd/dele.ts";
import { lang } from "./cmd/lang.ts";
import { list } from "./cmd/list.ts";
import { noop } from "./cmd/noop.ts";
import { pass } from "./cmd/pass.ts";
import { quit } from "./cmd/quit.ts";
import { retr } from "./cmd/retr.ts";
import { rset } from "./cmd/rset.ts";
import { stat } from "./cmd/stat.ts";
import { stls } from "./cmd/stls.ts";
import { top } from "./cmd/top.ts";
import { uidl } from "./cmd/uidl.ts";
import { user } from "./cmd/user.ts";
import { utf8 } from "./cmd/utf8.ts";
import type { Pop3Command, Pop3State } from "./context.ts";

const BEFORE: readonly Pop3State[] = ["authorization"];
const AFTER: readonly Pop3State[] = ["transaction"];
const ALWAYS: readonly Pop3State[] = ["authorization", "transaction"];

/** Every command, where it is legal, and who does it. */
export const COMMANDS: ReadonlyMap<string, Pop3Command> = new Map<string, Pop3Command>([
  ["CAPA", { states: ALWAYS, takesArguments: false, run: capa }],
  ["STLS", { states: BEFORE, takesArguments: false, run: stls }],
  ["UTF8", { states: BEFORE, takesArguments: false, run: utf8 }],
  ["LANG", { states: ALWAYS, takesArguments: true, run: lang }],
  ["AUTH", { states: BEFORE, takesArguments: true, run: auth }],
  ["USER", { states: BEFORE, takesArguments: true, run: user }],
  ["PASS", { states: BEFORE, takesArguments: true, run: pass }],
  ["STAT", { states: AFTER, takesArguments: false, run: stat }],
  ["LIST", { states: AFTER, takesArguments: true, run: list }],
  ["UIDL", { states: AFTER, takesArguments: true, run: uidl }],
  ["RETR", { states: AFTER, takesArguments: true, run: retr }],
  ["TOP", { states: AFTER, takesArguments: true, run: top }],
  ["DELE", { states: AFTER, takesArguments: true, run: dele }],
  ["NOOP", { states: AFTER, takesArguments: false, run: noop }],
  ["RSET", { states: AFTER, takesArguments: false, run: rset }],
  ["QUIT", { states: ALWAYS, takesArguments: false, run: quit }],
]);
