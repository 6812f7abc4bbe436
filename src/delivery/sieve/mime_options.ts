import { parameter, parseParameterized, type Part } from "../../wire/mime/mod.ts";
import type { Arguments } from "./arguments.ts";
import { partsWithin } from "./body_text.ts";
import type { Machine } from "./machine.ts";
import type { Field } from "./message_view.ts";

/** Which parts a test looks at, and what of a structured field (RFC 5703 section 4). */
export interface MimeOptions {
  /** Whether `:mime` stands there. */
  readonly isOn: boolean;
  /** The headers to look into. */
  headers(machine: Machine): Promise<readonly (readonly Field[])[]>;
  /** What of a field's value counts; null for the value as it is. */
  readonly aspects: Aspects | null;
}

type Aspects = (machine: Machine, field: Field) => string[];

/** Takes `:mime`, `:anychild` and, where the test knows them, what is picked out of a field. */
export function takeMimeOptions(args: Arguments, options: { readonly picks: boolean }): MimeOptions {
  const mime = args.flag("mime", { requires: "mime" });
  const anyChild = args.flag("anychild", { requires: "mime" });
  const aspects = options.picks ? takeAspects(args) : null;
  if (!mime && (anyChild || aspects !== null)) args.fail(":anychild, :type and their kin need :mime");
  return {
    isOn: mime,
    aspects,
    async headers(machine) {
      if (!mime) return [await machine.message.fields()];
      const part = machine.part ?? await machine.structure();
      const parts: readonly Part[] = anyChild ? partsWithin(part, true) : [part];
      const headers: (readonly Field[])[] = [];
      for (const each of parts) {
        machine.budget.spend(1);
        headers.push(await machine.message.fieldsOf(each));
      }
      return headers;
    },
  };
}

function takeAspects(args: Arguments): Aspects | null {
  const found: Aspects[] = [];
  const word = (pick: (content: string, name: string) => string): Aspects => (_, { name, raw }) => [
    STRUCTURED.has(name) ? pick(contentOf(raw), name) : "",
  ];
  if (args.flag("type", { requires: "mime" })) found.push(word((content) => content.split("/")[0]!));
  if (args.flag("subtype", { requires: "mime" })) {
    found.push(word((content, name) => name === "content-type" ? content.split("/")[1] ?? "" : ""));
  }
  if (args.flag("contenttype", { requires: "mime" })) found.push(word((content) => content));
  const names = args.tagStrings("param", { requires: "mime" });
  if (names !== null) {
    found.push((machine, { raw }) => {
      machine.budget.look(raw.length * 10);
      const { params } = parseParameterized(raw);
      const values = machine.texts(names).map((name) => parameter(params, name.toLowerCase()));
      return values.filter((each) => each !== null);
    });
  }
  if (found.length > 1) args.fail("Only one of :type, :subtype, :contenttype and :param can stand here");
  return found[0] ?? null;
}

/** Fields that have a type; of all others it is the empty text (RFC 5703 section 4.1). */
const STRUCTURED: ReadonlySet<string> = new Set(["content-type", "content-disposition"]);

/** `text/plain`, or `attachment`: what stands before the parameters. */
function contentOf(value: string): string {
  return parseParameterized(value).value.trim().toLowerCase();
}
