import { join } from "node:path";
import { playDialogue } from "./dialogue.ts";

const folder = join(import.meta.dirname!, "dialogues");

for (const { name } of [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1)) {
  Deno.test(`smtp dialogue ${name}`, () => playDialogue(join(folder, name)));
  Deno.test(`smtp dialogue ${name}, byte by byte`, () => playDialogue(join(folder, name), 1));
}
