/**
 * The marks under the title of a dialogue: `# shows: NAME ...`, of the extensions that it shows, and `# refuses: NAME ...`, of those whose
 * mistakes, wrong states, missing rights or limits it shows.
 */
import { join } from "node:path";
import { readDialogues } from "./dialogue.ts";

const FOLDER = join(import.meta.dirname!, "dialogues");

export interface SentCommand {
  /** Without its tag, with its literals and what it was answered with `+`. */
  readonly text: string;
  /** BYE counts as a refusal. */
  readonly result: "OK" | "NO" | "BAD" | "BYE" | null;
}

export interface MarkedDialogue {
  readonly file: string;
  readonly title: string;
  readonly shows: readonly string[];
  readonly refuses: readonly string[];
  readonly commands: readonly SentCommand[];
}

export function markedDialogues(): MarkedDialogue[] {
  const files = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).filter((name) => name.endsWith(".txt"));
  return files.sort().flatMap((file) => {
    const marks = readMarks(Deno.readTextFileSync(join(FOLDER, file)));
    return readDialogues(file).map(({ title, lines }) => ({
      file,
      title,
      shows: marks.get(title)?.shows ?? [],
      refuses: marks.get(title)?.refuses ?? [],
      commands: commandsOf(lines.map(({ text }) => text)),
    }));
  });
}

interface Marks {
  readonly shows: string[];
  readonly refuses: string[];
}

function readMarks(text: string): Map<string, Marks> {
  const marks = new Map<string, Marks>();
  let current: Marks = { shows: [], refuses: [] };
  for (const line of text.split("\n")) {
    if (line.startsWith("== ")) marks.set(line.slice(3), current = { shows: [], refuses: [] });
    const mark = /^# (shows|refuses): (.+)$/.exec(line);
    if (mark !== null) current[mark[1] as keyof Marks].push(...mark[2]!.split(" "));
  }
  return marks;
}

/** What was sent in a dialogue, by connection and tag, with its answer. */
function commandsOf(lines: readonly string[]): SentCommand[] {
  const commands: { client: string; tag: string; text: string; result: SentCommand["result"] }[] = [];
  /** Connections whose next line goes on with their last command: a literal, or an answer to `+`. */
  const going = new Set<string>();
  for (const line of lines) {
    const match = /^([CS])(\d?): ?(.*)$/.exec(line);
    if (match === null) continue;
    const [client, content] = [match[2] || "1", match[3]!];
    const last = commands.findLast((command) => command.client === client);
    if (match[1] === "C") {
      if (going.delete(client)) last!.text += `\r\n${content}`;
      else {
        const [tag, ...words] = content.split(" ");
        commands.push({ client, tag: tag!, text: words.join(" "), result: null });
      }
      if (/\{\d+\+?\}$/.test(content)) going.add(client);
      continue;
    }
    if (content.startsWith("+ ") && last !== undefined) going.add(client);
    const open = commands.filter((command) => command.client === client && command.result === null);
    if (content.startsWith("* BYE")) { for (const command of open) command.result = "BYE"; }
    const [, tag, result] = /^([^ *+]+) (OK|NO|BAD)(?: |$)/.exec(content) ?? [];
    const answered = open.find((command) => command.tag === tag);
    if (answered === undefined) continue;
    answered.result = result as SentCommand["result"];
    going.delete(client);
  }
  return commands;
}
