/** What the account's mailboxes are like: RFC 5490, 8579 and 9042. */
import { takeMatcher } from "../match/matcher.ts";
import type { Machine } from "../machine.ts";
import type { TestRow } from "../rows.ts";

/** A test that holds when something is so of every text in its list. */
function everyTest(
  name: string,
  options: {
    readonly requires: string;
    readonly what: string;
    holds(machine: Machine, text: string): Promise<boolean>;
  },
): TestRow {
  return {
    name,
    requires: options.requires,
    compile({ args }) {
      const texts = args.expectStrings(options.what);
      return async (machine) => {
        for (const text of machine.texts(texts)) {
          machine.budget.spend(5);
          if (!await options.holds(machine, text)) return false;
        }
        return true;
      };
    },
  };
}

/** RFC 5490 section 3.1. */
export const mailboxexists: TestRow = everyTest("mailboxexists", {
  requires: "mailbox",
  what: "names of mailboxes",
  holds: ({ input }, name) => input.mailboxes.exists(name),
});

/** RFC 9042 section 4. */
export const mailboxidexists: TestRow = everyTest("mailboxidexists", {
  requires: "mailboxid",
  what: "ids of mailboxes",
  holds: ({ input }, id) => input.mailboxes.idExists(id),
});

/** RFC 8579 section 3: of one mailbox, or, without a name, of any. */
export const specialUseExists: TestRow = {
  name: "specialuse_exists",
  requires: "special-use",
  compile({ args }) {
    const mailbox = args.left < 2 ? null : args.expectString("the name of a mailbox");
    const uses = args.expectStrings("uses such as \\Junk");
    return async (machine) => {
      const name = mailbox === null ? null : machine.text(mailbox.text);
      for (const use of machine.texts(uses)) {
        machine.budget.spend(5);
        if (!await machine.input.mailboxes.hasUse(use, name)) return false;
      }
      return true;
    };
  },
};

/** RFC 5490 section 3.3 and 4.1: the value of an annotation. */
function annotationTest(
  name: string,
  options: { readonly requires: string; readonly ofServer: boolean },
): TestRow {
  return {
    name,
    requires: options.requires,
    compile({ args, scope }) {
      const matcher = takeMatcher(args, scope);
      const mailbox = options.ofServer ? null : args.expectString("the name of a mailbox");
      const entry = args.expectString("the name of an annotation");
      const keys = args.expectStrings("the texts to look for");
      matcher.checkKeys(keys);
      return async (machine) => {
        const place = mailbox === null ? null : machine.text(mailbox.text);
        const value = await machine.input.mailboxes.annotation(place, machine.text(entry.text));
        return value !== null && await matcher.test(machine, [value], keys);
      };
    },
  };
}

/** RFC 5490 sections 3.4 and 4.2: the annotations are there. */
function annotationExistsTest(
  name: string,
  options: { readonly requires: string; readonly ofServer: boolean },
): TestRow {
  return {
    name,
    requires: options.requires,
    compile({ args }) {
      const mailbox = options.ofServer ? null : args.expectString("the name of a mailbox");
      const entries = args.expectStrings("names of annotations");
      return async (machine) => {
        const place = mailbox === null ? null : machine.text(mailbox.text);
        for (const entry of machine.texts(entries)) {
          machine.budget.spend(5);
          if (await machine.input.mailboxes.annotation(place, entry) === null) return false;
        }
        return true;
      };
    },
  };
}

const OF_MAILBOX = { requires: "mboxmetadata", ofServer: false };
const OF_SERVER = { requires: "servermetadata", ofServer: true };

export const metadata: TestRow = annotationTest("metadata", OF_MAILBOX);
export const metadataexists: TestRow = annotationExistsTest("metadataexists", OF_MAILBOX);
export const servermetadata: TestRow = annotationTest("servermetadata", OF_SERVER);
export const servermetadataexists: TestRow = annotationExistsTest("servermetadataexists", OF_SERVER);
