import { openMemoryStore } from "../../src/store/memory/mod.ts";
import { ManualClock, seededRandom } from "../support/fakes.ts";
import { testStoreContract } from "./store/suites.ts";

testStoreContract("memory", async () => {
  const clock = new ManualClock();
  const store = openMemoryStore({ clock, random: seededRandom(), undeleteDays: 7 });
  return { store, clock, close: () => store.close() };
});
