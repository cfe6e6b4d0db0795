import type { ApplyEvent, eventText } from '@millrace/postgres';
import { command } from '../framework/command.ts';
import { confirm, destructiveOptions } from '../framework/confirm.ts';
import { flag } from '../framework/option.ts';
import { Progress } from '../framework/progress.ts';
import { counted } from '../framework/table.ts';
import type { Terminal } from '../framework/terminal.ts';
import { databaseUrlOf } from '../schema/database-option.ts';
import { planFor, planOptions, showStep } from '../schema/plan-options.ts';
import { readScript } from '../schema/read-script.ts';

export const schemaApply = command({
  name: 'schema apply',
  summary: 'Change a PostgreSQL schema without downtime',
  description: `Does what schema plan shows. Locks are asked for when nobody has used the table for long, for half a
    second at most, and what is done under them is broken off in time and tried again; indexes and checks are made while
    others go on; rows are changed in batches that rest for replicas, readers of changes and sessions that wait. It
    may be stopped at any time: the same command goes on where it was. Where code has to be deployed in between it
    ends, and goes on with --deployed.`,
  operands: [{ name: 'FILE', help: 'SQL, as it would be written without a thought for others; - is stdin' }],
  options: {
    ...planOptions,
    deployed: flag({ help: 'What the plan waited for the last time is so' }),
    ...destructiveOptions,
  },
  examples: [
    {
      command: 'millrace schema apply 0042.sql --database-url postgres://localhost/shop',
      does: 'After a look at the plan',
    },
    {
      command: 'millrace schema apply 0042.sql --database-url postgres://localhost/shop --yes --deployed',
      does: 'From a pipeline, when the new code runs',
    },
  ],
  async run({ operands, options, terminal }) {
    const { applyPlan, eventText } = await import('@millrace/postgres');
    const [file = ''] = operands;
    const { plan, isBegun } = await planFor(await readScript(file), options);
    if (options.dryRun || (!terminal.json && !isBegun)) {
      for (const [position, step] of plan.steps.entries()) showStep(position, step, terminal.output);
      await terminal.output.flush();
    }
    if (options.dryRun) return undefined;
    const deed = `change the schema in ${counted(plan.steps.length, 'step')}`;
    if (!isBegun && !(await confirm(terminal, options, deed))) return undefined;
    const told = new Telling(terminal, plan.steps.length, eventText);
    const { deployed: isDeployed } = options;
    const applied = await applyPlan(plan, {
      ...{ url: databaseUrlOf(options), isDeployed, signal: terminal.signal },
      report: (event) => told.tell(event),
    });
    if (terminal.json) {
      terminal.output.json({ change: plan.id, ...applied });
    } else if (applied.state === 'waiting') {
      terminal.output.line(`Waits until ${applied.gate}. Then run it again with --deployed.`);
    } else {
      terminal.output.line(`Done: ${counted(applied.steps, 'step')}.`);
    }
    return undefined;
  },
});

/** Events as lines on stderr, and long steps as progress. */
class Telling {
  readonly #terminal: Terminal;
  readonly #steps: number;
  readonly #text: typeof eventText;
  #progress: Progress | undefined;

  constructor(terminal: Terminal, steps: number, text: typeof eventText) {
    this.#terminal = terminal;
    this.#steps = steps;
    this.#text = text;
  }

  tell(event: ApplyEvent): void {
    const place = `step ${event.position + 1} of ${this.#steps}`;
    switch (event.kind) {
      case 'progress':
        this.#progress ??= new Progress(this.#terminal, { label: place, unit: event.unit });
        this.#progress.update(
          event.done,
          event.total === 0 ? undefined : Math.min(1, event.done / event.total),
          event.leftMs,
        );
        return;
      case 'step_done':
        this.#progress?.end();
        this.#progress = undefined;
        return;
      default: {
        const line = this.#text(event, this.#steps);
        if (line !== undefined) this.#terminal.note(line);
      }
    }
  }
}
