import { join } from "node:path";
import { readDialogues, runDialogue } from "./dialogue.ts";

const files = [...Deno.readDirSync(join(import.meta.dirname!, "dialogues"))]
  .filter((entry) => entry.name.endsWith(".txt"))
  .map((entry) => entry.name)
  .sort();

for (const file of files) {
  for (const dialogue of readDialogues(file)) {
    Deno.test(`${file}: ${dialogue.title}`, () => runDialogue(dialogue, Infinity));
    Deno.test(`${file}: ${dialogue.title}, byte by byte`, () => runDialogue(dialogue, 1));
  }
}
