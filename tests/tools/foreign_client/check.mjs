// Records worked example 1 (an image sold for 125.00) and quotes it, through @grpc/grpc-js alone.
// The services and messages come from the server's reflection: no file of this project is read.
//
// usage: npm install && node check.mjs HOST:PORT LEDGER
//   The ledger is made if it is not there; asset ids depend on its name alone.

import {createHash} from 'node:crypto';
import assert from 'node:assert/strict';
import grpc from '@grpc/grpc-js';
import reflection from 'grpc-js-reflection-client';

const [server, ledger] = process.argv.slice(2);
assert(server && ledger, 'usage: node check.mjs HOST:PORT LEDGER');

const id = (name) => createHash('sha256').update(`${ledger} ${name}`).digest();
const credentials = grpc.credentials.createInsecure();
const mirror = new reflection.GrpcReflection(server, credentials);

async function connect(name) {
  const descriptor = await mirror.getDescriptorBySymbol(name);
  const definition = descriptor.getPackageObject();
  const Service = name.split('.').reduce((at, part) => at[part], definition);
  const stub = new Service(server, credentials);
  return (method, request) => new Promise((resolve, reject) => {
    const deadline = new Date(Date.now() + 10_000);
    stub[method](request, {deadline}, (error, response) => error ? reject(error) : resolve(response));
  });
}

const admin = await connect('tributary.v1.AdminService');
const lineage = await connect('tributary.v1.LineageService');
const attribution = await connect('tributary.v1.AttributionService');

await admin('CreateLedger', {ledger});
for (const party of ['acme', 'ana', 'ben', 'dora', 'pia', 'sam']) {
  await lineage('RecordParty', {ledger, party: {party}});
}
const assets = {
  output: ['ASSET_KIND_OUTPUT', 'sam'], model: ['ASSET_KIND_MODEL_CHECKPOINT', 'acme'],
  dataset: ['ASSET_KIND_DATASET', 'dora'], prompt: ['ASSET_KIND_PROMPT', 'pia'],
  w1: ['ASSET_KIND_WORK', 'ana'], w2: ['ASSET_KIND_WORK', 'ben'], w3: ['ASSET_KIND_WORK', null],
};
for (const [name, [kind, holder]] of Object.entries(assets)) {
  await lineage('RecordAsset', {ledger, asset: {asset: id(name), kind, id_method: 'ID_METHOD_BARE', name}});
  if (holder) {
    await lineage('RecordHolders', {ledger, holders: {asset: id(name), holders: [{party: holder, units: 1}]}});
  }
}
const edge = (name, role, weight) => ({input: id(name), role, weight});
const derivations = [
  ['dataset', 1, [edge('w1', 'ROLE_MEMBER', 3), edge('w2', 'ROLE_MEMBER', 3), edge('w3', 'ROLE_MEMBER', 3)]],
  ['model', 2, [edge('dataset', 'ROLE_TRAINING_DATA', 1)]],
  ['output', 4, [edge('model', 'ROLE_GENERATOR', 3), edge('prompt', 'ROLE_PROMPT', 3)]],
];
for (const [generated, retained, edges] of derivations) {
  const request = {ledger, derivation: {derivation: {generated: id(generated), retained}, edges}};
  const first = await lineage('RecordDerivation', request);
  const again = await lineage('RecordDerivation', request);
  assert.deepEqual(again.receipt.record_id, first.receipt.record_id);
  assert.equal(again.receipt.already_recorded, true);
}

const quote = await attribution('QuoteSplit', {ledger, asset_id: id('output'), amount: '12500'});
const split = Object.fromEntries(quote.lines.map((line) => [line.party || line.kind, line.amount]));
assert.deepEqual(split, {
  sam: '5000', pia: '3750', acme: '2500', ana: '375', ben: '375', dora: '125',
  LINE_KIND_UNCLAIMED: '375',
});

const refused = await lineage('GetAsset', {ledger, asset_id: Buffer.alloc(5)}).catch((error) => error);
assert.equal(refused.code, grpc.status.INVALID_ARGUMENT);
assert.match(refused.details, /asset_id/);
console.log(`quoted ${quote.lines.length} lines at ledger version ${quote.tree_size}, all as expected`);
process.exit(0);
