import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { newSecret, signatureHeaders } from './signature.ts';

const message = { id: 'msg_1', at: new Date(), body: '{"type":"agent.published","name":"Ädä"}' };

test('is what others check who follow the same standard', () => {
  const secret = newSecret();
  expect(new Webhook(secret).verify(message.body, signatureHeaders([secret], message))).toMatchObject({ name: 'Ädä' });
  expect(() => new Webhook(newSecret()).verify(message.body, signatureHeaders([secret], message))).toThrow('signature');
  const late = { ...message, at: new Date(Date.now() - 600_000) };
  expect(() => new Webhook(secret).verify(message.body, signatureHeaders([secret], late))).toThrow('old');
});

test('holds for each of two secrets', () => {
  const secrets = [newSecret(), newSecret()];
  const headers = signatureHeaders(secrets, message);
  for (const secret of secrets) expect(new Webhook(secret).verify(message.body, headers)).toBeDefined();
  expect(headers['webhook-signature']?.split(' ')).toHaveLength(2);
});
