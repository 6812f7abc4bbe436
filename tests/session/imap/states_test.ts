/** Every command of the table in the states where it is not legal (RFC 9051 section 3), and with arguments that none has. */
import assert from "node:assert/strict";
import type { FakeClient } from "../../support/fake_conn.ts";
import { COMMANDS } from "../../../src/session/imap/commands.ts";
import { command, ImapHarness } from "./harness.ts";

const STATES = ["not-authenticated", "authenticated", "selected"] as const;

async function inState(harness: ImapHarness, state: typeof STATES[number]): Promise<FakeClient> {
  if (state === "not-authenticated") {
    const client = harness.connect();
    await client.readLine();
    return client;
  }
  const client = await harness.login();
  if (state === "selected") await command(client, "SELECT INBOX");
  return client;
}

/** What only this state has. */
const PROOFS = {
  "not-authenticated": ["LIST", "BAD Log in first"],
  "authenticated": ["CHECK", "BAD Select a mailbox first"],
  "selected": ["CHECK", "OK Checked"],
} as const;

for (const state of STATES) {
  Deno.test(`${state}: what is not legal here is BAD, and changes nothing`, async () => {
    await using harness = new ImapHarness({ limits: { badCommands: 1000, commandsBeforeLogin: 1000 } });
    const client = await inState(harness, state);
    const illegal = [...COMMANDS].filter(([, { states }]) => !states.includes(state)).map(([name]) => name);
    assert.ok(illegal.length > 0);
    for (const name of illegal) {
      // The state goes first: nothing of the arguments is looked at.
      for (const args of ["", " x", " ((", " {3+}\r\nabc"]) {
        const [answer, ...more] = await command(client, `${name}${args}`);
        assert.match(
          answer!,
          /^BAD (?:Log in first|Select a mailbox first|You are logged in already)$/,
          name,
        );
        assert.deepEqual(more, []);
      }
    }
    const [said, heard] = PROOFS[state];
    assert.deepEqual(await command(client, said), [heard]);
  });

  Deno.test(`${state}: no command takes "((", and none ends the session or changes its state by it`, async () => {
    await using harness = new ImapHarness({ limits: { badCommands: 1000, commandsBeforeLogin: 1000 } });
    const client = await inState(harness, state);
    for (const [name, { states }] of COMMANDS) {
      if (!states.includes(state)) continue;
      const lines = await command(client, `${name} ((`);
      assert.deepEqual(lines.length, 1, name);
      assert.match(lines[0]!, /^BAD /, name);
    }
    const [said, heard] = PROOFS[state];
    assert.deepEqual(await command(client, said), [heard]);
  });
}
