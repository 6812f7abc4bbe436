import { type HoldRule, parsePattern } from "../../queue/mod.ts";
import {
  type Command,
  CommandError,
  type CommandInput,
  type CommandOption,
  EXIT_OK,
  textOption,
  UsageError,
} from "./command.ts";
import {
  allOption,
  counted,
  deliberateFilter,
  queueOptions,
  requireFound,
  withQueue,
} from "./queue_options.ts";

const ruleOption: Readonly<Record<"rule", CommandOption>> = {
  rule: { type: "boolean", help: "about new mail, for ever, not about what is queued" },
};

export const queueHold: Command = {
  name: "queue hold",
  usage: "[ID] [options]",
  summary: "keep from being delivered until released",
  details:
    "With --rule, mail of that sender (--from ADDRESS or DOMAIN) or to that recipient (--to WHOM) is held\n" +
    "from now on as it comes in; --rules lists these rules, `queue release --rule` takes one away.",
  options: {
    ...queueOptions,
    ...allOption,
    ...ruleOption,
    rules: { type: "boolean", help: "list the rules for new mail" },
  },
  positionals: [0, 1],
  async run(input, deps) {
    const { terminal } = deps;
    if (input.options.rules === true) {
      const rules = await withQueue(input, deps, (handlers) => handlers.holdRules());
      rules.forEach((rule) => terminal.out(ruleText(rule)));
      if (rules.length === 0) terminal.err("There are no rules");
      return EXIT_OK;
    }
    if (input.options.rule === true) {
      const rule = ruleOf(input);
      await withQueue(input, deps, (handlers) => handlers.addHoldRule(rule));
      terminal.out(`New mail ${ruleText(rule)} is held from now on`);
      return EXIT_OK;
    }
    const filter = deliberateFilter(input);
    const count = await withQueue(input, deps, (handlers) => handlers.queueHold(filter, true));
    requireFound(count, input);
    terminal.out(`${counted(count, "recipient")} held`);
    return EXIT_OK;
  },
};

export const queueRelease: Command = {
  name: "queue release",
  usage: "[ID] [options]",
  summary: "let what was held be delivered",
  details:
    "With --rule, takes a rule of `queue hold --rule` away; what it holds already stays held until released.",
  options: { ...queueOptions, ...allOption, ...ruleOption },
  positionals: [0, 1],
  async run(input, deps) {
    if (input.options.rule === true) {
      const rule = ruleOf(input);
      const found = await withQueue(input, deps, (handlers) => handlers.removeHoldRule(rule));
      if (!found) throw new CommandError(`There is no rule for mail ${ruleText(rule)}`);
      deps.terminal.out(`New mail ${ruleText(rule)} is no longer held`);
      return EXIT_OK;
    }
    const filter = deliberateFilter(input);
    const count = await withQueue(input, deps, (handlers) => handlers.queueHold(filter, false));
    requireFound(count, input);
    deps.terminal.out(`${counted(count, "recipient")} released`);
    return EXIT_OK;
  },
};

/** A rule has one side, so that what it does can be said in a word. */
function ruleOf(input: CommandInput): HoldRule {
  const [from, to] = [textOption(input, "from"), textOption(input, "to")];
  if ((from === undefined) === (to === undefined) || input.positionals.length > 0) {
    throw new UsageError("Say either --from WHOM or --to WHOM with --rule");
  }
  const text = from ?? to ?? "";
  const pattern = parsePattern(text);
  if (pattern === null || (pattern === "" && from === undefined)) {
    throw new UsageError(
      `Found ${JSON.stringify(text)}, expected a domain or an address such as bob@example.com`,
    );
  }
  return { side: from === undefined ? "to" : "from", pattern };
}

function ruleText({ side, pattern }: HoldRule): string {
  return `${side} ${pattern === "" ? "<>" : pattern}`;
}
