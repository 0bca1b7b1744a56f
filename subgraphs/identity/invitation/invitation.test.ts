import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, Installation } from '../identity.fixture.ts';
import { SESSION_FIELDS } from '../people.fixture.ts';

const INVITATION = 'id email state role { id } invitedBy { id } createdAt expiresAt';
const CREATE = `mutation ($email: String!, $roleId: ID!) {
  createInvitation(input: { email: $email, roleId: $roleId }) { token invitation { ${INVITATION} } } }`;
const ACCEPT = `mutation ($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { ${SESSION_FIELDS} } }`;
const REVOKE = `mutation ($id: ID!) { revokeInvitation(input: { invitationId: $id }) { invitation { ${INVITATION} } } }`;
const LIST = `{ invitations { totalCount nodes { ${INVITATION} } } }`;
const PREVIEW = 'query ($token: String!) { invitationPreview(token: $token) { email organizationName hasAccount } }';

let installation: Installation;
beforeAll(async () => {
  installation = await Installation.start();
});
afterAll(() => installation.stop());

let guests = 0;
const someAddress = () => `guest-${++guests}@example.com`;

interface Created {
  createInvitation: { token: string; invitation: { id: string } };
}
interface Accepted {
  acceptInvitation: {
    viewer: { user: { id: string; name: string }; organization: { id: string }; role: { id: string } };
  };
}
const invite = async (client: Client, email: string, roleId = 'MEMBER') =>
  (await client.ask<Created>(CREATE, { email, roleId })).createInvitation;
const accept = async (client: Client, input: object) =>
  (await client.ask<Accepted>(ACCEPT, { input })).acceptInvitation;
const code = async (client: Client, query: string, variables: object) =>
  (await client.refused(query, variables)).extensions.code;
const states = async (client: Client) =>
  (await client.ask<{ invitations: { nodes: { state: string }[] } }>(LIST)).invitations.nodes.map(({ state }) => state);

describe('an invitation', () => {
  it('makes an account and a member of somebody new', async () => {
    const owner = await installation.person();
    const email = someAddress();
    const { token } = await invite(owner.client, ` ${email.toUpperCase()} `, 'ADMIN');
    const preview = { email, organizationName: 'Ada’s', hasAccount: false };
    expect(await installation.anonymous.ask(PREVIEW, { token })).toEqual({ invitationPreview: preview });
    const { viewer } = await accept(installation.anonymous, { token, name: 'Bob', password: 'tomato soup' });
    expect(viewer).toMatchObject({ user: { name: 'Bob' }, organization: { id: owner.orgId }, role: { id: 'ADMIN' } });
    expect((await installation.logIn({ email, password: 'tomato soup' })).orgId).toBe(owner.orgId);
    expect(await states(owner.client)).toEqual(['ACCEPTED']);
    expect(await installation.anonymous.ask(PREVIEW, { token })).toEqual({ invitationPreview: null });
    const types = (await installation.events(owner.orgId)).map(({ type }) => type);
    expect(types.slice(-6)).toEqual([
      'invitation.created',
      'member.joined',
      'invitation.accepted',
      'user.signed_up',
      'session.started',
      'session.started',
    ]);
    expect(JSON.stringify(await installation.events(owner.orgId))).not.toContain(token);
  });

  it('is accepted with an account by whoever is logged in to it, or has its password', async () => {
    const owner = await installation.person();
    const guest = await installation.person('Grace');
    const first = await invite(owner.client, guest.email);
    const { viewer } = await accept(guest.client, { token: first.token });
    expect(viewer).toMatchObject({ user: { id: guest.userId }, organization: { id: owner.orgId } });
    expect(await guest.client.holds()).toBe(true);

    const other = await installation.person();
    const { token } = await invite(other.client, guest.email);
    expect(await installation.anonymous.ask(PREVIEW, { token })).toMatchObject({
      invitationPreview: { hasAccount: true },
    });
    const refusals = [{}, { password: 'wrong one' }, { name: 'Mallory', password: 'wrong one' }];
    const codes = [];
    for (const input of refusals)
      codes.push(await code(installation.anonymous, ACCEPT, { input: { token, ...input } }));
    expect(codes).toEqual(['BAD_USER_INPUT', 'UNAUTHENTICATED', 'UNAUTHENTICATED']);
    const second = await accept(installation.anonymous, { token, password: guest.password });
    expect(second.viewer).toMatchObject({ user: { id: guest.userId }, organization: { id: other.orgId } });
  });

  it('is of no use to anybody else', async () => {
    const owner = await installation.person();
    const mallory = await installation.person('Mallory');
    const { token } = await invite(owner.client, someAddress());
    expect(await code(mallory.client, ACCEPT, { input: { token } })).toBe('FORBIDDEN');
    expect(await states(owner.client)).toEqual(['PENDING']);
  });

  it('works once, also when it is accepted twice at the same moment', async () => {
    const owner = await installation.person();
    for (let round = 0; round < 4; round++) {
      const guest = await installation.person();
      const { token } = await invite(owner.client, guest.email);
      const answers = await Promise.all([1, 2].map(() => guest.client.send(ACCEPT, { input: { token } })));
      const codes = answers.map(({ errors }) => errors[0]?.extensions.code ?? 'accepted').sort();
      expect(codes).toEqual(['NOT_FOUND', 'accepted']);
    }
  });

  it('ends after seven days, when it is revoked, and when a new one takes its place', async () => {
    const owner = await installation.person();
    const input = (token: string) => ({ input: { token, name: 'Bob', password: 'tomato soup' } });
    const expired = await invite(owner.client, someAddress());
    const { createdAt, expiresAt } = await installation.database.system.invitation.findFirstOrThrow({
      where: { id: expired.invitation.id },
    });
    expect(Math.round((expiresAt.getTime() - createdAt.getTime()) / 86_400_000)).toBe(7);
    await installation.database.system.invitation.update({
      where: { id: expired.invitation.id },
      data: { expiresAt: new Date(Date.now() - 1_000) },
    });
    const revoked = await invite(owner.client, someAddress());
    await owner.client.ask(REVOKE, { id: revoked.invitation.id });
    const email = someAddress();
    const replaced = await invite(owner.client, email);
    const present = await invite(owner.client, email);
    for (const { token } of [expired, revoked, replaced, { token: 'pit_unknown' }]) {
      expect(await code(installation.anonymous, ACCEPT, input(token))).toBe('NOT_FOUND');
    }
    expect(await states(owner.client)).toEqual(['PENDING', 'REVOKED', 'REVOKED', 'EXPIRED']);
    await accept(installation.anonymous, input(present.token).input);
    expect(await code(owner.client, REVOKE, { id: present.invitation.id })).toBe('CONFLICT');
  });

  it('is only for roles within reach, and not for members', async () => {
    const owner = await installation.person();
    const admin = await installation.member(owner, 'ADMIN');
    const member = await installation.member(owner, 'MEMBER');
    expect(await code(admin.client, CREATE, { email: someAddress(), roleId: 'OWNER' })).toBe('FORBIDDEN');
    expect(await code(member.client, CREATE, { email: someAddress(), roleId: 'VIEWER' })).toBe('FORBIDDEN');
    expect(await code(owner.client, CREATE, { email: member.email, roleId: 'MEMBER' })).toBe('CONFLICT');
    expect(await code(owner.client, CREATE, { email: someAddress(), roleId: 'nothing' })).toBe('NOT_FOUND');
    expect(await code(member.client, LIST, {})).toBe('FORBIDDEN');
  });

  it('of another organization is not found', async () => {
    const owner = await installation.person();
    const stranger = await installation.person();
    const { invitation } = await invite(stranger.client, someAddress());
    for (const id of [invitation.id, 'not an id']) expect(await code(owner.client, REVOKE, { id })).toBe('NOT_FOUND');
    expect(await states(owner.client)).toEqual([]);
  });

  it('lets nobody in through an API key', async () => {
    const owner = await installation.person();
    const guest = await installation.person();
    const { token } = await invite(owner.client, guest.email);
    const { createApiKey } = await guest.client.ask<{ createApiKey: { secret: string } }>(
      'mutation { createApiKey(input: { name: "x" }) { secret } }',
    );
    expect(await code(installation.client(createApiKey.secret), ACCEPT, { input: { token } })).toBe('FORBIDDEN');
  });
});
