/**
 * The load generator, a process of its own so that it shares no event loop with what it measures: takes a load as JSON in
 * its one argument, does it, and prints the result as one line of JSON.
 */
import { type IdleLoad, type ImapLoad, loadIdle, loadImap } from "./imap.ts";
import { loadPop3, type Pop3Load } from "./pop3.ts";
import { runSink, type SinkLoad } from "./sink.ts";
import { loadSmtp, type SmtpLoad } from "./smtp.ts";

export type Load = SmtpLoad | SinkLoad | ImapLoad | Pop3Load | IdleLoad;

function run(load: Load): Promise<unknown> {
  switch (load.mode) {
    case "smtp":
      return loadSmtp(load);
    case "sink":
      return runSink(load);
    case "imap":
      return loadImap(load);
    case "pop3":
      return loadPop3(load);
    case "idle":
      return loadIdle(load);
  }
}

if (import.meta.main) {
  console.log(JSON.stringify(await run(JSON.parse(Deno.args[0]!))));
  Deno.exit(0);
}
