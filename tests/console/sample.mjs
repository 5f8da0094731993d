// A tree that looks like somebody's: services with configurations, a lock with a queue, workers.

import { Shell } from './support.mjs';

const FLAGS_1 = '{"checkout":{"enabled":false,"percent":0},"search":{"engine":"v1"}}';
const FLAGS_2 = '{"checkout":{"enabled":true,"percent":25},"search":{"engine":"v1"}}';
const FLAGS_3 = '{"checkout":{"enabled":true,"percent":50},"search":{"engine":"v2","timeout_ms":350}}';

// Returns the shells whose sessions hold the ephemerals.
export async function plant(connectString) {
  const first = new Shell(connectString);
  await first.do(
    'addauth digest ada:lovelace',
    'create /services',
    'create /services/billing "owner=payments\nregion=eu-west"',
    `create /services/flags ${FLAGS_1}`,
    `set /services/flags ${FLAGS_2}`,
    `set /services/flags ${FLAGS_3}`,
    'create /services/search {"shards":12,"replicas":2}',
    'create /services/search/members',
    'create /locks',
    'create /locks/nightly-report',
    'create /secrets',
    'create /secrets/token s3cr3t',
    'setAcl /secrets/token auth::cdrwa',
    'create -c /queues',
    ...Array.from({ length: 24 }, (_, i) => `create /services/job-${String(i).padStart(2, '0')} x`),
    'create -e -s /locks/nightly-report/lock- worker-1',
    'create -e /services/search/members/node-1 10.1.0.11:9200',
    'get -w /services/flags',
  );
  const second = new Shell(connectString);
  await second.do(
    'create -e -s /locks/nightly-report/lock- worker-2',
    'create -e /services/search/members/node-2 10.1.0.12:9200',
    'ls -w /services',
  );
  const third = new Shell(connectString);
  await third.do('create -e -s /locks/nightly-report/lock- worker-3', 'addWatch -m PERSISTENT_RECURSIVE /services');
  return [first, second, third];
}
