/**
 * The feature levels that the cluster has agreed on (KIP-584): which versions of transactions and groups its brokers
 * and clients use with each other. A section of the journal; every change makes the epoch grow.
 */
import { errorCodes, type UpdateFeaturesRequest } from '@millrace/wire';
import type { Journal, JournalSection } from '../journal/journal.ts';
import type { Refusal } from '../storage-failure.ts';

export type FeatureName =
  | 'eligible.leader.replicas.version'
  | 'group.version'
  | 'kraft.version'
  | 'metadata.version'
  | 'transaction.version';

/** Levels of a feature that this version has, and the one that a new cluster begins with. */
interface SupportedFeature {
  readonly name: FeatureName;
  readonly minVersion: number;
  readonly maxVersion: number;
  readonly initial: number;
}

/**
 * Levels as Apache Kafka 4.1 has them. Those of eligible leader replicas and of the quorum change nothing: they are
 * there because `kafka-features upgrade --release-version` sets them all, and so begin at 0.
 */
const supportedFeatures: readonly SupportedFeature[] = [
  { name: 'eligible.leader.replicas.version', minVersion: 0, maxVersion: 1, initial: 0 },
  { name: 'group.version', minVersion: 0, maxVersion: 1, initial: 1 },
  { name: 'kraft.version', minVersion: 0, maxVersion: 1, initial: 0 },
  { name: 'metadata.version', minVersion: 7, maxVersion: 27, initial: 27 },
  { name: 'transaction.version', minVersion: 0, maxVersion: 2, initial: 2 },
];

/** Below this level metadata would be lost, so there is no way back to it (4.0-IV1). */
const metadataVersionMin = 23;

/** Kinds of change, by their numbers in UpdateFeatures. */
const upgrade = 1;
const safeDowngrade = 2;
const unsafeDowngrade = 3;

export type FeatureUpdate = Pick<
  UpdateFeaturesRequest['featureUpdates'][number],
  'feature' | 'maxVersionLevel' | 'upgradeType'
>;

interface LevelsEntry {
  readonly epoch: number;
  readonly levels: Readonly<Record<string, number>>;
}

export class ClusterFeatures {
  readonly #section: JournalSection<LevelsEntry>;
  readonly #levels = new Map<string, number>(supportedFeatures.map(({ name, initial }) => [name, initial]));
  #epoch = 0;

  /** Registers the section `features`; the journal is opened later. */
  constructor(journal: Journal) {
    this.#section = journal.section<LevelsEntry>('features', {
      apply: ({ epoch, levels }) => {
        this.#epoch = epoch;
        for (const [name, level] of Object.entries(levels)) this.#levels.set(name, level);
      },
      snapshot: () => (this.#epoch === 0 ? [] : [{ epoch: this.#epoch, levels: Object.fromEntries(this.#levels) }]),
    });
  }

  /** Grows with each change of a level. */
  get epoch(): number {
    return this.#epoch;
  }

  get supported(): readonly Omit<SupportedFeature, 'initial'>[] {
    return supportedFeatures;
  }

  /** The level in force. */
  level(name: FeatureName): number {
    return this.#levels.get(name) ?? 0;
  }

  /** Features in force and their levels; one at level 0 is not in force. */
  *finalized(): Iterable<{ readonly name: string; readonly level: number }> {
    for (const [name, level] of this.#levels) if (level > 0) yield { name, level };
  }

  /** Why the updates, which go together, are refused; undefined when they may be made. */
  refusalOf(updates: readonly FeatureUpdate[]): Refusal | undefined {
    for (const update of updates) {
      const message = this.#reasonAgainst(update);
      if (message === undefined) continue;
      return {
        errorCode: errorCodes.INVALID_UPDATE_VERSION,
        message: `The update failed for all features since the following feature had an error: ${message}`,
      };
    }
    return undefined;
  }

  /** Makes updates that were not refused; resolves once they are written. Rejects as `JournalSection.append` does. */
  async update(updates: readonly FeatureUpdate[]): Promise<void> {
    const changed = updates.filter(({ feature, maxVersionLevel }) => this.#levels.get(feature) !== maxVersionLevel);
    if (changed.length === 0) return;
    const levels = Object.fromEntries(changed.map(({ feature, maxVersionLevel }) => [feature, maxVersionLevel]));
    await this.#section.append({ epoch: this.#epoch + 1, levels }, { sync: true });
  }

  #reasonAgainst({ feature, maxVersionLevel: level, upgradeType }: FeatureUpdate): string | undefined {
    const invalid = (reason: string): string => `Invalid update version ${level} for feature ${feature}. ${reason}`;
    const known = supportedFeatures.find(({ name }) => name === feature);
    if (![upgrade, safeDowngrade, unsafeDowngrade].includes(upgradeType)) {
      return invalid('The controller does not support the given upgrade type.');
    }
    if (level < 0) return invalid('A feature version cannot be less than 0.');
    if (known === undefined) return invalid('The brokers do not support this feature.');
    if (level < known.minVersion || level > known.maxVersion) {
      return invalid(`The brokers only support versions ${known.minVersion}-${known.maxVersion}`);
    }
    if (level >= this.level(known.name)) return undefined;
    if (upgradeType === upgrade) {
      const how = 'without setting the upgrade type to either safe or unsafe downgrade';
      return invalid(`Can't downgrade the version of this feature ${how}.`);
    }
    if (feature !== 'metadata.version' || level >= metadataVersionMin) return undefined;
    const why =
      upgradeType === safeDowngrade
        ? 'Refusing to perform the requested downgrade because it might delete metadata information.'
        : 'Unsafe metadata downgrade is not supported in this version.';
    return `Invalid metadata.version ${level}. ${why}`;
  }
}
