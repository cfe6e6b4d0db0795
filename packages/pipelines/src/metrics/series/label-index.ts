/** Which series have which labels: for each value of each label the numbers of its series, ascending. In memory. */
import { Labels } from '../promql/model/labels.ts';
import type { Matcher } from '../promql/model/matcher.ts';

export class LabelIndex {
  readonly #labels = new Map<number, Labels>();
  readonly #byKey = new Map<string, number>();
  readonly #values = new Map<string, Map<string, number[]>>();

  get size(): number {
    return this.#labels.size;
  }

  /** Adds a series; numbers only grow. */
  add(id: number, labels: Labels): void {
    this.#labels.set(id, labels);
    this.#byKey.set(labels.key, id);
    for (const [name, value] of labels) {
      let values = this.#values.get(name);
      if (values === undefined) {
        values = new Map();
        this.#values.set(name, values);
      }
      const ids = values.get(value);
      if (ids === undefined) values.set(value, [id]);
      else ids.push(id);
    }
  }

  remove(ids: ReadonlySet<number>): void {
    const touched = new Map<string, Set<string>>();
    for (const id of ids) {
      const labels = this.#labels.get(id);
      if (labels === undefined) continue;
      this.#labels.delete(id);
      this.#byKey.delete(labels.key);
      for (const [name, value] of labels) {
        const values = touched.get(name) ?? new Set();
        touched.set(name, values.add(value));
      }
    }
    for (const [name, values] of touched) {
      const lists = this.#values.get(name);
      if (lists === undefined) continue;
      for (const value of values) {
        const left = (lists.get(value) ?? []).filter((id) => !ids.has(id));
        if (left.length === 0) lists.delete(value);
        else lists.set(value, left);
      }
      if (lists.size === 0) this.#values.delete(name);
    }
  }

  idOf(labels: Labels): number | undefined {
    return this.#byKey.get(labels.key);
  }

  labelsOf(id: number): Labels {
    return this.#labels.get(id) ?? Labels.empty;
  }

  /** Of all series. */
  ids(): Iterable<number> {
    return this.#labels.keys();
  }

  /** The series that all matchers match. */
  matching(matchers: readonly Matcher[]): readonly number[] {
    let found: readonly number[] | undefined;
    // Those that ask for a value come first: each takes most series away.
    const [asking, others] = [
      matchers.filter((matcher) => !matcher.matches('')),
      matchers.filter((m) => m.matches('')),
    ];
    for (const matcher of asking) {
      const own = this.#withValue(matcher);
      if (found === undefined || own.length < found.length) found = own;
      if (found.length === 0) return found;
    }
    const rest = [...asking, ...others];
    const verdicts = rest.map(() => new Map<string, boolean>());
    return [...(found ?? this.#labels.keys())].filter((id) => {
      const labels = this.labelsOf(id);
      return rest.every((matcher, at) => {
        const value = labels.get(matcher.name);
        const known = verdicts[at] as Map<string, boolean>;
        let verdict = known.get(value);
        if (verdict === undefined) {
          verdict = matcher.matches(value);
          known.set(value, verdict);
        }
        return verdict;
      });
    });
  }

  #withValue(matcher: Matcher): readonly number[] {
    const values = this.#values.get(matcher.name);
    if (values === undefined) return [];
    if (matcher.operator === '=') return values.get(matcher.value) ?? [];
    const lists: (readonly number[])[] = [];
    for (const [value, ids] of values) if (matcher.matches(value)) lists.push(ids);
    return lists.length === 1 ? (lists[0] as readonly number[]) : lists.flat();
  }
}
