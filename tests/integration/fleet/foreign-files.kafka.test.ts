/** Files for kcat and for Java's tools, which come with them over TLS to Apache Kafka and to an embedded cluster. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { speaksScram } from '../../conformance/drivers/kcat.ts';
import { missing } from '../../support/run-command.ts';
import { javaWorks, kcatWorks, startForeignFiles } from './foreign-files.ts';
import { type SecuredSite, startKafkaSite, startSecuredSite } from './secured-site.ts';

const kafka = await kafkaForTests();
const starts = {
  'Apache Kafka': (trusted: string) => startKafkaSite('east', kafka, trusted),
  'an embedded cluster': (trusted: string) => startSecuredSite('east', trusted),
};

for (const [where, start] of Object.entries(starts)) {
  test(`foreign clients come to ${where} over TLS with the files that the command line wrote`, {
    skip: kafka.skip,
  }, async (t) => {
    let site: SecuredSite | undefined;
    await using files = await startForeignFiles(async (trusted) => {
      site = await start(trusted);
      return site;
    });
    assert.ok(site !== undefined);
    if (missing('kcat', '') === false) {
      await kcatWorks(files, 'shop');
      if (speaksScram()) await kcatWorks(files, 'desk');
    } else t.diagnostic('kcat is not installed: Java alone');
    await javaWorks(files, site.bootstrap('SASL_SSL'), 'desk', kafka.distribution);
  });
}
