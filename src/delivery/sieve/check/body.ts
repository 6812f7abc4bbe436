import { type Part } from "../../../wire/mime/mod.ts";
import { hasBody, ownTexts, partsWithin, rawBody, textOfMessage } from "../body_text.ts";
import type { Machine } from "../machine.ts";
import { takeMatcher } from "../match/matcher.ts";
import type { TestRow } from "../rows.ts";
import type { PlacedText } from "../arguments.ts";

/** RFC 5173. What lies beyond the limit of bytes is not looked at. */
export const body: TestRow = {
  name: "body",
  requires: "body",
  compile({ args, scope }) {
    const matcher = takeMatcher(args, scope);
    const raw = args.flag("raw");
    const text = args.flag("text");
    const content = args.tagStrings("content");
    if (Number(raw) + Number(text) + Number(content !== null) > 1) {
      args.fail("body has more than one of :raw, :content and :text");
    }
    const keys = args.expectStrings("the texts to look for");
    matcher.checkKeys(keys);
    return async (machine) => {
      // Section 4: not even the empty text is found where there is no body.
      if (!await hasBody(machine)) return false;
      const values = raw
        ? [await machine.message.once("raw", () => rawBody(machine))]
        : content !== null
        ? await contents(machine, content)
        : [await machine.message.once("text", () => textOfMessage(machine))];
      // Section 6: what wildcards found in a body is not kept.
      const before = machine.variables.matches;
      const found = await matcher.test(machine, values, keys);
      machine.variables.matches = before;
      return found;
    };
  },
};

/** Section 5.2: the parts of these types, decoded; a multipart is the text around its parts, a message its header. */
async function contents(machine: Machine, types: readonly PlacedText[]): Promise<string[]> {
  const wanted = machine.texts(types).map((type) => type.toLowerCase());
  const found: string[] = [];
  let left = machine.budget.limits.bodyBytes;
  for (const part of partsWithin(await machine.structure(), true)) {
    if (left <= 0) break;
    if (!isOneOf(part, wanted)) continue;
    const texts = await ownTexts(machine, part);
    left -= texts.reduce((sum, text) => sum + text.length, 0);
    found.push(...texts);
  }
  return found;
}

/** Section 5.2: "" is every type, "text" and "text/plain" are what they say; anything else matches nothing. */
function isOneOf(part: Part, types: readonly string[]): boolean {
  return types.some((type) => type === "" || type === part.type || type === `${part.type}/${part.subtype}`);
}
