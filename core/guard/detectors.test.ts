import { describe, expect, it } from 'vitest';
import { CARD } from './card.ts';
import { EMAIL } from './email.ts';
import { IBAN } from './iban.ts';
import { PHONE } from './phone.ts';
import type { Detector } from './scanner.ts';
import { SECRET } from './secret.ts';
import { shownOf } from './text.fixture.ts';

const table = (detector: Detector, rows: [text: string, shown: string][]) => {
  for (const [text, shown] of rows) {
    it(JSON.stringify(text), () => {
      expect(shownOf([text], [detector])).toBe(shown);
      expect(shownOf([...text], [detector])).toBe(shown);
    });
  }
};

describe('cards', () =>
  table(CARD, [
    ['4111111111111111', '[card]'],
    ['Pay with 4111 1111 1111 1111, please', 'Pay with [card], please'],
    ['4111-1111-1111-1111', '[card]'],
    ['4111.1111.1111.1111', '[card]'],
    ['4111 - 1111 - 1111 - 1111', '[card]'],
    ['3782 822463 10005 and 30569309025904', '[card] and [card]'],
    ['**4242 4242 4242 4242**', '**[card]**'],
    ['`5555555555554444`', '`[card]`'],
    ['４１１１１１１１１１１１１１１１', '[card]'],
    ['٤١١١ ١١١١ ١١١١ ١١١١', '[card]'],
    ['4\u200b1\u200b1\u200b1 1111 1111 1111', '[card]'],
    ['4️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣1️⃣!', '[card]!'],
    ['④①①①①①①①①①①①①①①①', '[card]'],
    ['4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1', '[card]'],
    ['41-11 1111.11 11-1111', '[card]'],
    ['1. 4111 1111 1111 1111 12/29 123', '1. [card] 12/29 123'],
    ['2. 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1', '2. [card]'],
    ['x4111111111111111y', 'x[card]y'],
    ['4111 1111\n1111 1111', '[card]'],
    ['4111 1111 1111 1111 4242 4242 4242 4242', '[card] [card]'],
    ['4111111111111112', '4111111111111112'],
    ['1795625121652 ms', '1795625121652 ms'],
    ['2021 2022 2023 2024 2025 2026', '2021 2022 2023 2024 2025 2026'],
    ['1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13', '1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13'],
    ['45.20\n51.10\n37.00\n48.15\n52.30', '45.20\n51.10\n37.00\n48.15\n52.30'],
    ['41111111111111114111111111111111', '41111111111111114111111111111111'],
  ]));

describe('accounts', () =>
  table(IBAN, [
    ['DE89370400440532013000', '[iban]'],
    ['IBAN: DE89 3704 0044 0532 0130 00.', 'IBAN: [iban].'],
    ['gb29 nwbk 6016 1331 9268 19', '[iban]'],
    ['FR14-2004-1010-0505-0001-3M02-606', '[iban]'],
    ['ＤＥ８９370400440532013000', '[iban]'],
    ['DE\u200b89370400440532013000', '[iban]'],
    ['DE DE89 3704 0044 0532 0130 00', 'DE [iban]'],
    ['`NL91ABNA0417164300`', '`[iban]`'],
    ['MT84MALT011000012345MTLCAST001S', '[iban]'],
    ['DE88370400440532013000', 'DE88370400440532013000'],
    ['is 25 years old, at 20 or 30', 'is 25 years old, at 20 or 30'],
  ]));

describe('addresses of e-mail', () =>
  table(EMAIL, [
    ['ann@example.com', '[email]'],
    ['Write to ann.smith+x@mail.example.co.uk.', 'Write to [email].'],
    ['<ann@example.com>, bob@example.org!', '<[email]>, [email]!'],
    ['[ann@example.com](mailto:ann@example.com)', '[[email]](mailto:[email])'],
    ['jörg@müller.de', '[email]'],
    ['ann＠example.com', '[email]'],
    ['ann@example.com.5', '[email].5'],
    ['a@b.com@c.org', '[email]'],
    ['a@b, @ann, x@localhost', 'a@b, @ann, x@localhost'],
    ['请写信给ann@example.com谢谢', '请写信给[email]谢谢'],
    ["O'Neil's 5 @ 3.50 each", "O'Neil's 5 @ 3.50 each"],
  ]));

describe('telephones', () =>
  table(PHONE, [
    ['+49 30 901820', '[phone]'],
    ['Call +1 (555) 123-4567 now', 'Call [phone] now'],
    ['0049 30 901820', '[phone]'],
    ['030 901820', '[phone]'],
    ['(030) 9018-2030', '[phone]'],
    ['0171/2345678', '[phone]'],
    ['01711234567', '[phone]'],
    ['01 23 45 67 89', '[phone]'],
    ['03 9876 5432', '[phone]'],
    ['555-123-4567', '555-123-4567'],
    ['(212) 555-1234 or 1-800-555-1234', '[phone] or [phone]'],
    ['+４９ ３０ ９０１８２０', '[phone]'],
    ['01.02.2026 10:30', '01.02.2026 10:30'],
    [
      '2026-11-25, 192.168.100.100, 1,000,000 and 978-3-16-148410-0',
      '2026-11-25, 192.168.100.100, 1,000,000 and 978-3-16-148410-0',
    ],
    ['12345678901, abc0301234567', '12345678901, abc0301234567'],
    ['1 + 2 = 3', '1 + 2 = 3'],
  ]));

const PEM = '-----BEGIN PRIVATE KEY-----\nMIIEvQ+IBAD/A=\nNBgkqhkiG9w0\n-----END PRIVATE KEY-----';

describe('secrets', () =>
  table(SECRET, [
    ['sk-proj-Ab3dEf6hIj9kLmN0pQrS', '[secret]'],
    [`${PEM} is; anna@example.org and hunter22`, '[secret] is; anna@example.org and hunter22'],
    ['Key: sk-ant-api03-aaaaaaaaaaaaaaaa-7.', 'Key: [secret].'],
    ['ghp_0123456789abcdefghijABCDEFGHIJ012345', '[secret]'],
    ['AKIAIOSFODNN7EXAMPLE', '[secret]'],
    ['export KEY="AIzaSyA-0123456789abcdefghijklmnopqrstu"', 'export KEY="[secret]"'],
    ['xoxb-123456789012-abcdefABCDEF', '[secret]'],
    ['pk_a1B2c3D4_0123456789abcdefghijABCDEFGHIJ0123456789ab', '[secret]'],
    ['prt_0123456789abcdefghijABCDEFGHIJ', '[secret]'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl. Next', '[secret]. Next'],
    [`${PEM}\nafter`, '[secret]\nafter'],
    ['password: hunter22', 'password: [secret]'],
    ['The password is `hunter2x`.', 'The password is `[secret]`.'],
    ['password=12345678', 'password=[secret]'],
    ['api key: 7f3a9b2c1d', 'api key: [secret]'],
    ['OPENAI_API_KEY=abc123def456', 'OPENAI_API_KEY=[secret]'],
    ['{"clientSecret": "aB3-x9_Z!"}', '{"clientSecret": "[secret]"}'],
    ['Authorization: Bearer abc123def456ghi', 'Authorization: Bearer [secret]'],
    ['the token expires tomorrow at noon', 'the token expires tomorrow at noon'],
    ['the password of ann@example.com', 'the password of ann@example.com'],
    ['token: string, password: <your-password>', 'token: string, password: <your-password>'],
    ['scikit: sk-learn, sk-', 'scikit: sk-learn, sk-'],
    ['----- a -----BEGIN CERTIFICATE----- b', '----- a -----BEGIN CERTIFICATE----- b'],
    ['a task-oriented-programming-4-everybody', 'a task-oriented-programming-4-everybody'],
    ['one token took 2024-05-12 and $TOKEN', 'one token took 2024-05-12 and $TOKEN'],
  ]));
