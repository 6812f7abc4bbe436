import { parameter, parseParameterized, type Part } from "../../wire/mime/mod.ts";
import type { Arguments } from "./arguments.ts";
import { partsWithin } from "./body_text.ts";
import type { Machine } from "./machine.ts";
import type { Field } from "./message_view.ts";

/** Which parts a test looks at, and what of a structured field (RFC 5703 section 4). */
export interface MimeOptions {
  /** The headers to look into. */
  headers(machine: Machine): Promise<readonly (readonly Field[])[]>;
  /** What of a field's value counts; null for the value as it is. */
  readonly aspects: ((machine: Machine, value: string) => string[]) | null;
}

/** Takes `:mime`, `:anychild` and, where the test knows them, what is picked out of a field. */
export function takeMimeOptions(args: Arguments, options: { readonly picks: boolean }): MimeOptions {
  const mime = args.flag("mime", { requires: "mime" });
  const anyChild = args.flag("anychild", { requires: "mime" });
  const aspects = options.picks ? takeAspects(args) : null;
  if (!mime && (anyChild || aspects !== null)) args.fail(":anychild, :type and their kin need :mime");
  return {
    aspects,
    async headers(machine) {
      if (!mime) return [await machine.message.fields()];
      const part = machine.part ?? machine.message.message.digest.structure;
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

function takeAspects(args: Arguments): MimeOptions["aspects"] {
  const found: NonNullable<MimeOptions["aspects"]>[] = [];
  const word = (pick: (value: string) => string) => (_: Machine, value: string) => [pick(contentOf(value))];
  if (args.flag("type", { requires: "mime" })) found.push(word((value) => value.split("/")[0]!));
  if (args.flag("subtype", { requires: "mime" })) found.push(word((value) => value.split("/")[1] ?? ""));
  if (args.flag("contenttype", { requires: "mime" })) found.push(word((value) => value));
  const names = args.tagStrings("param", { requires: "mime" });
  if (names !== null) {
    found.push((machine, value) => {
      const { params } = parseParameterized(value);
      const values = machine.texts(names).map((name) => parameter(params, name.toLowerCase()));
      return values.filter((each) => each !== null);
    });
  }
  if (found.length > 1) args.fail("Only one of :type, :subtype, :contenttype and :param can stand here");
  return found[0] ?? null;
}

/** `text/plain`, or `attachment`: what stands before the parameters. */
function contentOf(value: string): string {
  return parseParameterized(value).value.trim().toLowerCase();
}
