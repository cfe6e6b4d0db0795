/** Certificates that OpenSSL made, and what Java's `X500Principal.getName()` says of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subjectOf } from './distinguished-name.ts';

const special =
  'MIIDHDCCAsGgAwIBAgIUW9L6n1mWZLzMeqN7komWJtTk+ngwCgYIKoZIzj0EAwIwgeIxCzAJBgNVBAYTAkRFMRAwDgYDVQQIDAdC' +
  'YXkgZXJuMREwDwYDVQQHDAhNw7xuY2hlbjEbMBkGA1UECgwSQSwgQisgIkMiIDx4Pjs9I3lcMQwwCgYDVQQLDANvbmUxDjAMBgNV' +
  'BAsMBSB0d28gMQ8wDQYDVQQDDAYjYWxpY2UxFDASBgkqhkiG9w0BCQEWBWFAYi5jMRMwEQYKCZImiZPyLGQBGRYDY29tMRIwEAYK' +
  'CZImiZPyLGQBAQwCdTExCzAJBgNVBAUTAjc3MQowCAYDVQQJDAFTMQowCAYDVQQMDAFUMB4XDTI2MTEyMjE1MzcwM1oXDTI2MTEy' +
  'NDE1MzcwM1owgeIxCzAJBgNVBAYTAkRFMRAwDgYDVQQIDAdCYXkgZXJuMREwDwYDVQQHDAhNw7xuY2hlbjEbMBkGA1UECgwSQSwg' +
  'QisgIkMiIDx4Pjs9I3lcMQwwCgYDVQQLDANvbmUxDjAMBgNVBAsMBSB0d28gMQ8wDQYDVQQDDAYjYWxpY2UxFDASBgkqhkiG9w0B' +
  'CQEWBWFAYi5jMRMwEQYKCZImiZPyLGQBGRYDY29tMRIwEAYKCZImiZPyLGQBAQwCdTExCzAJBgNVBAUTAjc3MQowCAYDVQQJDAFT' +
  'MQowCAYDVQQMDAFUMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAY6TJe43Xu+ir7qrmtrIso2NisS13uPKCtXXvC0vneuq/dVa' +
  'DzCyUPWS1Ib/vK8U7zc/+TD2TiO7dtszDM7QlqNTMFEwHQYDVR0OBBYEFE9oiAf11RBUu3eXXp3odKpWgEIOMB8GA1UdIwQYMBaA' +
  'FE9oiAf11RBUu3eXXp3odKpWgEIOMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhALw05qhV6S5Saa50882SZ+xo' +
  'HnTgX79d36f8LuXRYEkNAiEAyFTL+MuB6FABWeSTmeNnSbcdQZmO73Thfq0GNetqwgY=';
const several =
  'MIIBtTCCAVugAwIBAgIUdkNhWGjGdHJqQ8ZbqG6ikroKB+kwCgYIKoZIzj0EAwIwMDENMAsGA1UECgwETWlsbDEfMAwGA1UEAwwF' +
  'YWxpY2UwDwYKCZImiZPyLGQBAQwBNzAeFw0yNjExMjIxNTM3MDNaFw0yNjExMjQxNTM3MDNaMDAxDTALBgNVBAoMBE1pbGwxHzAM' +
  'BgNVBAMMBWFsaWNlMA8GCgmSJomT8ixkAQEMATcwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQBjpMl7jde76Kvuqua2siyjY2K' +
  'xLXe48oK1de8LS+d66r91VoPMLJQ9ZLUhv+8rxTvNz/5MPZOI7t22zMMztCWo1MwUTAdBgNVHQ4EFgQUT2iIB/XVEFS7d5deneh0' +
  'qlaAQg4wHwYDVR0jBBgwFoAUT2iIB/XVEFS7d5deneh0qlaAQg4wDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEA' +
  '550n/tJ0DcO1Pi/GHbRsmJqC7N6Scwjwcl1k1I/zrMUCID6lObQBS4ieQg/EzfL49NVAinE9UlM4XBVQqOXH2lTl';

test('a name is written as Java writes it: escaped, unknown attributes as numbers, the most specific first', () => {
  const expected = [
    '2.5.4.12=#0c0154,STREET=S,2.5.4.5=#13023737,UID=u1,DC=com,1.2.840.113549.1.9.1=#16056140622e63,CN=\\#alice',
    'OU=\\ two\\ ,OU=one,O=A\\, B\\+ \\"C\\" \\<x\\>\\;\\=\\#y\\\\,L=München,ST=Bay ern,C=DE',
  ];
  assert.equal(subjectOf(Buffer.from(special, 'base64')), expected.join(','));
});

test('attributes that make one part of a name are joined', () => {
  assert.equal(subjectOf(Buffer.from(several, 'base64')), 'CN=alice+UID=7,O=Mill');
});

test('what is no certificate is refused', () => {
  const whole = Buffer.from(special, 'base64');
  for (let length = 0; length < 300; length++) assert.throws(() => subjectOf(whole.subarray(0, length)));
  assert.throws(() => subjectOf(Buffer.from([0x30, 0x80, 0, 0])), /can't be read/);
});
