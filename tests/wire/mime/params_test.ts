/** Values with parameters (RFC 2045 section 5.1, RFC 2231). */
import assert from "node:assert/strict";
import { parseParameterized } from "../../../src/wire/mime/mod.ts";

const table: readonly (readonly [text: string, value: string, ...params: [string, string][]])[] = [
  ["text/plain", "text/plain"],
  ["TEXT/Plain; Charset=UTF-8", "text/plain", ["charset", "UTF-8"]],
  ['text/plain; charset="us-ascii" (Plain text); format=flowed', "text/plain", ["charset", "us-ascii"], [
    "format",
    "flowed",
  ]],
  ["text/plain (comment ; with (nested) semicolon) ; charset=a (b)", "text/plain", ["charset", "a"]],
  ["text / plain ; charset = a", "text/plain", ["charset", "a"]],
  ['a/b; name="a \\"quoted\\" \\\\ name; here"', "a/b", ["name", 'a "quoted" \\ name; here']],
  ['a/b; name=""', "a/b", ["name", ""]],
  // Of equal names the first counts.
  ["a/b; boundary=one; boundary=two", "a/b", ["boundary", "one"]],
  // RFC 2231 sections 3 and 4.
  ["a/b; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", "a/b", ["title", "This is ***fun***"]],
  ['a/b; url*0="ftp://"; url*1="cs.utk.edu/pub"', "a/b", ["url", "ftp://cs.utk.edu/pub"]],
  [
    "a/b; title*0*=us-ascii'en'This%20is%20even%20more%20; title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\"",
    "a/b",
    ["title", "This is even more ***fun*** isn't it!"],
  ],
  ["a/b; n*1=two; n*0=one", "a/b", ["n", "onetwo"]],
  ["a/b; n*0*=utf-8''%C3; n*1*=%BC", "a/b", ["n", "ü"]],
  ["a/b; n*0=one; n*2=three", "a/b", ["n", "one"]],
  ["a/b; n*1=two", "a/b"],
  ["a/b; n=plain; n*=utf-8''%C3%BC", "a/b", ["n", "ü"]],
  ["a/b; n*=utf-8''%C3%BC; n=plain", "a/b", ["n", "ü"]],
  ["a/b; n=plain; n*0=con; n*1=tinued", "a/b", ["n", "continued"]],
  ["a/b; n*=iso-8859-1''%FC", "a/b", ["n", "ü"]],
  ["a/b; n*=nowhere''%FC", "a/b", ["n", "ü"]],
  ["a/b; n*=no%20apostrophes", "a/b", ["n", "no apostrophes"]],
  ["a/b; n*=utf-8''100%", "a/b", ["n", "100%"]],
  ["a/b; n*=utf-8''a%0D%0Ab%00", "a/b", ["n", "a  b\ufffd"]],
  ["a/b; *0=x; =y; *=z", "a/b"],
  ["a/b; __proto__=x; n*x=y", "a/b", ["__proto__", "x"]],
  // Encoded words do not belong here; they are left to whoever shows them.
  ['a/b; name="=?utf-8?Q?=C3=BC?="', "a/b", ["name", "=?utf-8?Q?=C3=BC?="]],
  // What programs write.
  ["a/b; name=my file (1).pdf; x=y", "a/b", ["name", "my file"], ["x", "y"]],
  ["a/b; name=file(1).pdf", "a/b", ["name", "file(1).pdf"]],
  ["text/html charset=utf-8", "text/html", ["charset", "utf-8"]],
  ["a/b;;; ; name=x;", "a/b", ["name", "x"]],
  ['a/b; name="open', "a/b", ["name", "open"]],
  ['a/b; name="open; x=y', "a/b", ["name", "open"], ["x", "y"]],
  ["a/b; novalue; x=y", "a/b", ["x", "y"]],
  ["a/b; (open; x=y", "a/b", ["x", "y"]],
  ["a/b; x=y=z", "a/b", ["x", "y=z"]],
  ["", ""],
  [";x=y", "", ["x", "y"]],
];

for (const [text, value, ...params] of table) {
  Deno.test(`parameters: ${text}`, () => assert.deepEqual(parseParameterized(text), { value, params }));
}

Deno.test("parameters: no more than the limit", () => {
  assert.equal(parseParameterized("a/b; a=1; b=2; c=3", 2).params.length, 2);
});
