import {
  ByteReader,
  ByteWriter,
  decodeRequest,
  decodeRequestHeader,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  errorCodes,
  errorRow,
  produce,
  RecordBatchBuilder,
  readBatches,
} from '../index.ts';

const version = 9;
const writer = new ByteWriter();

// A client writes a request. Record batches are passed on, not copied.
const batch = new RecordBatchBuilder();
batch.append(Date.now(), 'order-1', '{"total":12}');
const topicData = [{ name: 'orders', partitionData: [{ index: 0, records: batch.build({ compression: 'lz4' }) }] }];
const sent = encodeRequest(writer, produce, version, 1, 'shop', { acks: -1, timeoutMs: 30_000, topicData });

// A broker reads it. Bytes of a decoded message are views of its frame.
const reader = new ByteReader(Buffer.concat(sent.chunks), 4);
const header = decodeRequestHeader(reader);
const request = decodeRequest(produce, header.apiVersion, reader);
const records = request.topicData[0]?.partitionData[0]?.records ?? new Uint8Array(0);
for (const received of readBatches(records)) {
  received.verifyCrc();
  for (const record of received.records()) console.log(record.keyText(), record.valueText());
}

// It answers with an error code; the client reads the answer.
const partitionResponses = [{ index: 0, errorCode: errorCodes.NOT_LEADER_OR_FOLLOWER, baseOffset: -1 }];
const responses = [{ name: 'orders', partitionResponses }];
const answer = encodeResponse(writer, produce, version, header.correlationId, { responses });
const response = decodeResponse(produce, version, Buffer.concat(answer.chunks).subarray(4));
const code = response.responses[0]?.partitionResponses[0]?.errorCode ?? errorCodes.NONE;
console.log(errorRow(code).name, errorRow(code).retriable);
