/** Sieve's grammar, RFC 5228 sections 2 and 8. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Argument,
  type CommandNode,
  defaultSieveLimits,
  formatString,
  parseSieve,
  SieveError,
} from "../../../src/wire/sieve/mod.ts";

/** The tree as short text: `name(args)[tests]{block}`. */
function show(commands: readonly CommandNode[]): string {
  return commands.map((command) => {
    const block = command.block === null ? "" : `{${show(command.block)}}`;
    return showTest(command) + block;
  }).join(" ");
}

function showTest(test: Omit<CommandNode, "block">): string {
  const args = test.args.map(showArgument).join(" ");
  const tests = test.tests.map(showTest).join(",");
  return `${test.name}(${args})` +
    (test.tests.length === 0 ? "" : test.isTestList ? `[${tests}]` : `<${tests}>`);
}

function showArgument(argument: Argument): string {
  if (argument.kind === "tag") return `:${argument.name}`;
  if (argument.kind === "number") return String(argument.value);
  const values = argument.values.map(({ value }) => JSON.stringify(value)).join("|");
  return argument.isList ? `L${values}` : values;
}

const GOOD: readonly (readonly [title: string, script: string, tree: string])[] = [
  ["nothing at all", "", ""],
  ["names without case (2.1)", "KEEP;", "keep()"],
  ["a hash comment (2.3)", "keep; # and that is it\nstop;", "keep() stop()"],
  ["a bracketed comment (2.3)", "ke/* no */ep; ".replace("ke/* no */ep", "/* a\nb # */keep"), "keep()"],
  ["numbers with K, M and G (2.4.1)", "x 1 2K 3m 1G;", "x(1 2048 3145728 1073741824)"],
  ["an escape stands for itself (2.4.2)", 'x "a\\"b\\\\c\\d";', 'x("a\\"b\\\\cd")'],
  ["a string over two lines is CR LF (2.4.2)", 'x "a\nb";', 'x("a\\r\\nb")'],
  ["text: with stuffed dots (2.4.2)", "x text: # note\r\na\r\n..b\r\n.\r\n;", 'x("a\\r\\n.b\\r\\n")'],
  ["text: with single dots, which stay (2.4.2)", "x text:\n.a\n...b\n.\n;", 'x(".a\\r\\n..b\\r\\n")'],
  ["text: with bare line feeds", "x text:\na\n.\n;", 'x("a\\r\\n")'],
  ["text: empty", "x text:\n.\n;", 'x("")'],
  ["a list of strings (2.4.2.1)", 'x ["a", "b"];', 'x(L"a"|"b")'],
  ["tags (2.6.2)", 'x :Is :comparator "i;octet" "a";', 'x(:is :comparator "i;octet" "a")'],
  ["one test", "if true { keep; }", "if()<true()>{keep()}"],
  ["tests in parentheses", "if anyof (true, not false) {}", "if()<anyof()[true(),not()<false()>]>{}"],
  [
    "the example of section 3.1",
    'if header :contains "from" "coyote" { discard; } elsif header :contains ["subject"] ["$$$"] { discard; } else ' +
    '{ fileinto "INBOX"; }',
    'if()<header(:contains "from" "coyote")>{discard()} elsif()<header(:contains L"subject" L"$$$")>{discard()} ' +
    'else(){fileinto("INBOX")}',
  ],
  ["an identifier that begins like text:", "text;", "text()"],
  ["an argument behind a test is the test's (8.2)", 'if true "a" {}', 'if()<true("a")>{}'],
  ["UTF-8 in strings", 'x "Grüße 📬";', 'x("Grüße 📬")'],
];

for (const [title, script, tree] of GOOD) {
  Deno.test(`sieve grammar: ${title}`, () => assert.equal(show(parseSieve(script).commands), tree));
}

const BAD: readonly (readonly [title: string, script: string, message: string])[] = [
  [
    "no semicolon",
    "keep",
    'Line 1, column 5: Expected ";" or "{" after the arguments of keep, found the end of the script',
  ],
  ["a stray mark", "keep;\n};", 'Line 2, column 1: Expected a command, found "}"'],
  ["an open string", 'x\n  "abc', "Line 2, column 3: The string that begins here has no closing quote"],
  ["an open comment", "keep; /* abc", "Line 1, column 7: The comment that begins here has no */ at its end"],
  [
    "an open text",
    "x text:\nabc\n",
    'Line 1, column 3: The text that begins here has no line with "." alone',
  ],
  ["text: with something behind", 'x text: "a";', "Line 1, column 3: After text: the line must end"],
  [
    "an open block",
    "if true {\nkeep;",
    'Line 2, column 6: Expected the "}" of the block of if, found the end of the script',
  ],
  ["an empty list of strings", "x [];", 'Line 1, column 4: Expected a string, found "]"'],
  ["a list with numbers", "x [1];", "Line 1, column 4: Expected a string, found the number 1"],
  ["an empty list of tests", "if anyof () {}", 'Line 1, column 11: Expected a test, found ")"'],
  ["a number with a wrong end", "x 12Q;", "Line 1, column 3: A number may end in K, M or G and nothing else"],
  ["a number too large", "x 99999999999999999999;", "Line 1, column 3: The number is too large"],
  ["a colon alone", "x : ;", "Line 1, column 3: A colon must be followed by the name of a tag"],
  ["NUL, even in a string (2.1)", 'keep;\nx "a\u0000";', "Line 2, column 5: A script cannot hold NUL"],
  ["an odd character", "x \u0001;", "Line 1, column 3: No word of Sieve begins with U+0001"],
];

for (const [title, script, message] of BAD) {
  Deno.test(`sieve grammar: ${title} is refused`, () => {
    assert.throws(() => parseSieve(script), { name: "SieveError", message });
  });
}

Deno.test("sieve grammar: every place after strings, comments and texts over several lines is right", () => {
  const script = 'a "1\n2";\n/* x\ny */ b text:\nq\n.\n; c;';
  const places = parseSieve(script).commands.map(({ at }) => `${at.line}:${at.column}`);
  assert.deepEqual(places, ["1:1", "4:6", "7:3"]);
});

Deno.test("sieve grammar: depth, size and number of nodes are bounded", () => {
  const limits = { ...defaultSieveLimits, nesting: 15, nodes: 100, scriptBytes: 2000 };
  const nested = (depth: number) => "if true {".repeat(depth) + "}".repeat(depth);
  // Each level is a block and the test before it, one after the other.
  assert.doesNotThrow(() => parseSieve(nested(14), limits));
  assert.throws(() => parseSieve(nested(16), limits), /More than 15 levels/);
  assert.throws(() => parseSieve(`if ${"not ".repeat(20)} true {}`, limits), /More than 15 levels/);
  assert.throws(() => parseSieve("keep;".repeat(101), limits), /more than 100/);
  assert.throws(() => parseSieve(`x "${"ü".repeat(1000)}";`, limits), /at most 2000 bytes/);
});

Deno.test("sieve grammar: any text parses or is a SieveError, quickly", () => {
  const word = fc.constantFrom(
    "if",
    "keep",
    ";",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ",",
    '"',
    "text:",
    "\n.\n",
    ":is",
    "10K",
    "/*",
    "*/",
    "#",
    " ",
    "\n",
    "\\",
  );
  fc.assert(
    fc.property(
      fc.oneof(fc.array(word, { maxLength: 60 }).map((words) => words.join(" ")), fc.string()),
      (text) => {
        try {
          parseSieve(text);
        } catch (error) {
          assert.ok(error instanceof SieveError);
          const { line, column } = error.at;
          const lines = text.split("\n");
          assert.ok(
            line >= 1 && line <= lines.length && column >= 1 && column <= lines[line - 1]!.length + 1,
          );
        }
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("sieve grammar: what formatString writes is read back", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
    const { commands } = parseSieve(`x ${formatString(text)};`);
    const [argument] = commands[0]!.args;
    const expected = text.replace(/\r?\n/g, "\r\n");
    assert.equal(argument?.kind === "strings" ? argument.values[0]!.value : null, expected);
  }));
});
