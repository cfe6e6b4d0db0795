/**
 * Finds the shapes of lines as they come, one line at a time, without being told anything of the system that writes
 * them.
 *
 * A line is scanned to a skeleton: its words with places for values that show by their look. A skeleton seen before
 * leads to its template by one look in a map. A new one either fits a template or becomes one; then templates that
 * differ in one word are joined when there is evidence that the word is a value (`variability.ts`), and buckets that
 * grow crowded are searched for places of free text.
 *
 * Deterministic: what it makes of a line depends on the templates alone, which are its whole state; the map of
 * skeletons is a cache, and believed only while its buckets are as they were. A template's id is that of the first
 * skeleton it was made of, so equal shapes have equal ids everywhere; joined templates keep the earliest one's, and
 * `find` leads from the others' to it. Memory is bounded by `templatesMax`: past it, those not seen for longest go.
 */
import { LineScanner, TokenKind } from './line-scanner.ts';
import { SiblingIndex } from './sibling-index.ts';
import { Template, type TemplateRow } from './template.ts';
import { TemplateBucket } from './template-bucket.ts';
import { isEnough, isWord, mayVary } from './variability.ts';

export interface MinerOptions {
  /** Default 10,000. */
  readonly templatesMax?: number | undefined;
}

/** All that a miner knows. */
export interface MinerState {
  readonly templates: readonly TemplateRow[];
  /** Ids of templates that became part of others. */
  readonly joined: readonly (readonly [id: string, into: string])[];
}

interface Known {
  readonly template: Template;
  readonly bucket: TemplateBucket;
  readonly open: TemplateBucket;
  readonly versions: number;
}

const skeletonsMax = 100_000;

export class TemplateMiner {
  readonly #templatesMax: number;
  readonly #scanner = new LineScanner();
  readonly #known = new Map<number, Known>();
  readonly #buckets = new Map<string, TemplateBucket>();
  readonly #siblings = new SiblingIndex();
  readonly #templates = new Map<string, Template>();
  readonly #joined = new Map<string, string>();
  #changed = new Set<string>();
  #nextOrder = 0;

  constructor(options: MinerOptions = {}, state?: MinerState) {
    this.#templatesMax = options.templatesMax ?? 10_000;
    for (const [id, into] of state?.joined ?? []) this.#joined.set(id, into);
    for (const row of (state?.templates ?? []).toSorted((a, b) => a.order - b.order)) {
      this.#place(new Template(row));
      this.#nextOrder = row.order + 1;
    }
  }

  get size(): number {
    return this.#templates.size;
  }

  /** Counts a line from a character on, and answers its template. `timeMs` is the line's own time. */
  add(text: string, from: number, timeMs: number): Template {
    const scanner = this.#scanner;
    scanner.scan(text, from);
    const skeleton = scanner.skeleton;
    const known = this.#known.get(skeleton);
    let template = known !== undefined && versionsOf(known) === known.versions ? known.template : undefined;
    template ??= this.#fitOf(skeleton) ?? this.#create(text);
    template.note(scanner, text, timeMs);
    this.#change(template);
    return template;
  }

  /** How many templates there ever were. */
  get created(): number {
    return this.#nextOrder;
  }

  isLive(template: Template): boolean {
    return this.#templates.get(template.id) === template;
  }

  /** Ids of templates that became part of one, its own included. */
  idsOf(id: string): string[] {
    return [id, ...[...this.#joined.keys()].filter((each) => this.find(each)?.id === id)];
  }

  /** The template that a line has, without counting it; undefined for a shape that was never seen. */
  match(text: string, from: number): Template | undefined {
    this.#scanner.scan(text, from);
    return this.#fitOf(this.#scanner.skeleton);
  }

  /** A template by its id, or by that of one which became part of it. */
  find(id: string): Template | undefined {
    let at = id;
    for (let next = this.#joined.get(at); next !== undefined; next = this.#joined.get(at)) at = next;
    return this.#templates.get(at);
  }

  templates(): IterableIterator<Template> {
    return this.#templates.values();
  }

  state(): MinerState {
    return { templates: [...this.#templates.values()].map((template) => template.row()), joined: [...this.#joined] };
  }

  /** Ids of templates that came, changed, were joined into others or went since it was last asked. */
  takeChanged(): string[] {
    const changed = [...this.#changed];
    this.#changed = new Set();
    for (const id of changed) {
      const template = this.#templates.get(id);
      if (template !== undefined) template.isChanged = false;
    }
    return changed;
  }

  /** What a template became part of. */
  joinedInto(id: string): string | undefined {
    return this.#joined.get(id);
  }

  #live(template: Template): Template {
    return this.find(template.id) ?? template;
  }

  #change(template: Template): void {
    if (template.isChanged) return;
    template.isChanged = true;
    this.#changed.add(template.id);
  }

  #fitOf(skeleton: number): Template | undefined {
    const known = this.#known.get(skeleton);
    if (known !== undefined && versionsOf(known) === known.versions) return known.template;
    const tokens = this.#tokens();
    const first = tokens[0] ?? null;
    const near = this.#buckets.get(bucketKey(tokens.length, first))?.bestFor(tokens);
    const far = first === null ? undefined : this.#buckets.get(bucketKey(tokens.length, null))?.bestFor(tokens);
    const fit = near === undefined || (far !== undefined && far.words > near.words) ? far : near;
    if (fit === undefined) return undefined;
    if (this.#known.size >= skeletonsMax) this.#known.clear();
    const bucket = this.#bucket(tokens.length, first);
    const open = this.#bucket(tokens.length, null);
    const versions = bucket.version + open.version;
    this.#known.set(skeleton, { template: fit.template, bucket, open, versions });
    return fit.template;
  }

  #tokens(): (string | null)[] {
    const { count, kinds } = this.#scanner;
    const tokens: (string | null)[] = [];
    for (let i = 0; i < count; i++) tokens.push(kinds[i] === TokenKind.place ? null : this.#scanner.token(i));
    return tokens;
  }

  #bucket(length: number, first: string | null): TemplateBucket {
    const key = bucketKey(length, first);
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      bucket = new TemplateBucket();
      this.#buckets.set(key, bucket);
    }
    return bucket;
  }

  #bucketOf({ tokens }: Template): TemplateBucket {
    return this.#bucket(tokens.length, tokens[0] ?? null);
  }

  #create(text: string): Template {
    if (this.#templates.size >= this.#templatesMax) this.#forgetOldest();
    const template = Template.of(this.#scanner, text, this.#nextOrder++);
    // The id was another's that has since become part of a template: it leads to itself again.
    this.#joined.delete(template.id);
    this.#place(template);
    this.#change(template);
    const live = this.#joinSiblings(template);
    this.#openCrowded(this.#bucketOf(live));
    return this.#live(live);
  }

  #place(template: Template): void {
    this.#templates.set(template.id, template);
    this.#bucketOf(template).add(template);
    this.#siblings.add(template);
  }

  #displace(template: Template): void {
    this.#templates.delete(template.id);
    this.#bucketOf(template).remove(template);
    this.#siblings.remove(template);
  }

  /** Joins a template with those that differ from it in one value, again and again; answers what it has become. */
  #joinSiblings(template: Template): Template {
    let live = template;
    for (let next = this.#joinable(live); next !== undefined; next = this.#joinable(live)) {
      live = this.#join(next.members, next.index);
    }
    return live;
  }

  #joinable(template: Template): { index: number; members: readonly Template[] } | undefined {
    for (const { index, members } of this.#siblings.of(template)) {
      const varying = members.filter(({ tokens }) => {
        const token = tokens[index];
        return token === null || (isWord(token) && mayVary(tokens, index, token));
      });
      if (varying.length < 2 || !varying.includes(template)) continue;
      const words = varying.flatMap(({ tokens }) => tokens[index] ?? []);
      if (isEnough(template.tokens, index, words, words.length < varying.length)) return { index, members: varying };
    }
    return undefined;
  }

  #join(members: readonly Template[], index: number): Template {
    for (const member of members) this.#displace(member);
    for (const member of members) member.open(index);
    return this.#unite(members);
  }

  /** Templates with the same tokens become the earliest of them. None of them is in place. */
  #unite(members: readonly Template[]): Template {
    const [first, ...rest] = members.toSorted((a, b) => a.order - b.order) as [Template, ...Template[]];
    for (const other of rest) {
      first.absorb(other);
      this.#joined.set(other.id, first.id);
      this.#changed.add(other.id);
    }
    this.#place(first);
    this.#change(first);
    return first;
  }

  #openCrowded(bucket: TemplateBucket): void {
    const places = bucket.crowdedPlaces();
    if (places.length === 0) return;
    const all = [...bucket.templates];
    for (const template of all) this.#displace(template);
    const equal = new Map<string, Template[]>();
    for (const template of all) {
      for (const index of places) {
        const token = template.tokens[index];
        if (typeof token === 'string' && mayVary(template.tokens, index, token)) template.open(index);
      }
      const key = JSON.stringify(template.tokens);
      equal.set(key, [...(equal.get(key) ?? []), template]);
    }
    for (const members of equal.values()) this.#unite(members);
  }

  #forgetOldest(): void {
    const oldest = [...this.#templates.values()].toSorted((a, b) => a.lastSeenMs - b.lastSeenMs || a.order - b.order);
    for (const template of oldest.slice(0, Math.ceil(this.#templatesMax / 10))) {
      this.#displace(template);
      this.#changed.add(template.id);
    }
    for (const id of [...this.#joined.keys()]) {
      if (this.find(id) !== undefined) continue;
      this.#joined.delete(id);
      this.#changed.add(id);
    }
  }
}

function bucketKey(length: number, first: string | null): string {
  return first === null ? `${length}` : `${length} ${first}`;
}

function versionsOf({ bucket, open }: Known): number {
  return bucket.version + open.version;
}
