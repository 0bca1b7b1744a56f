import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { nodesOf, TeamMaker } from './team-call.fixture.ts';

let maker: TeamMaker;
let ada: string;
let bob: string;
beforeAll(async () => {
  maker = await TeamMaker.open();
  [ada, bob] = await Promise.all([maker.agent('Ada'), maker.agent('Bob')]);
});

interface TeamPage {
  agent: {
    usedBy: { totalCount: number; nodes: { name: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
  };
}

const AT = 'input.team.nodes.1.agentId';
const of = (b: string) => ({ team: { nodes: nodesOf({ a: ada, b }), sequential: {} } });

describe('a node', () => {
  it('of an agent that there is not, that is another organization’s or archived is refused', async () => {
    const archived = await maker.agent('Old');
    await maker.archive(archived);
    const foreign = await maker.as(await maker.test.seed.owner()).agent('Eve');
    const id = await maker.agent('Desk');
    for (const none of [randomUUID(), foreign]) {
      const { extensions } = await maker.refusedUpdate(id, of(none));
      expect(extensions).toMatchObject({
        code: 'BAD_USER_INPUT',
        fields: [{ path: AT, message: 'The node b: There is no such agent.' }],
      });
    }
    const { extensions } = await maker.refusedUpdate(id, of(archived));
    expect(extensions.fields).toEqual([{ path: AT, message: 'The node b: Old is archived.' }]);
    const create = 'mutation ($input: CreateAgentInput!) { createAgent(input: $input) { agent { id } } }';
    const refusal = await maker.client.refusal(create, { input: { name: 'New', ...of(foreign) } });
    expect(refusal.extensions.fields).toMatchObject([{ path: AT }]);
  });

  it('of an agent or a version that is not published yet is told as a problem, and keeps the team from being published', async () => {
    const draft = await maker.agent('Dora', { publish: false });
    const { agent, published, reason } = await maker.create('Desk', {
      team: {
        nodes: [
          { key: 'a', agentId: ada, version: 7 },
          { key: 'd', agentId: draft },
        ],
        parallel: {},
      },
    });
    expect(published).toBe(false);
    expect(reason).toBe('The node a: Ada has no version 7. The node d: Dora is not published.');
    expect(await maker.problems(agent.id)).toEqual([
      { severity: 'ERROR', path: 'definition.team.nodes.a', message: 'The node a: Ada has no version 7.' },
      { severity: 'ERROR', path: 'definition.team.nodes.d', message: 'The node d: Dora is not published.' },
    ]);
    const refusal = await maker.refusedPublish(agent.id);
    expect(refusal.extensions).toMatchObject({
      code: 'CONFLICT',
      fields: [{ path: 'draft.definition.team.nodes.a' }, { path: 'draft.definition.team.nodes.d' }],
    });
    await maker.regroup(agent.id, { d: draft });
    await maker.publish(draft);
    expect(await maker.problems(agent.id)).toEqual([]);
    await maker.publish(agent.id);
  });

  it('may be of a version that is not the published one', async () => {
    const inner = await maker.team('Inner', { a: ada });
    await maker.update(inner, { team: null });
    await maker.publish(inner);
    const outer = await maker.agent('Outer', {
      limits: { maxDepth: 2 },
      team: { nodes: [{ key: 'i', agentId: inner, version: 2 }], sequential: {} },
    });
    expect(await maker.problems(outer)).toEqual([]);
    await maker.update(outer, { team: { nodes: [{ key: 'i', agentId: inner, version: 1 }], sequential: {} } });
    expect(await maker.problems(outer)).toMatchObject([{ message: expect.stringContaining('3 deep') }]);
  });
});

describe('a team within itself', () => {
  it('is refused when it is saved, with the way that leads back', async () => {
    const inner = await maker.team('Inner', { a: ada });
    const middle = await maker.team('Middle', { a: ada, i: inner });
    const outer = await maker.team('Outer', { m: middle });
    const itself = await maker.refusedUpdate(inner, of(inner));
    expect(itself.extensions.fields).toEqual([
      { path: AT, message: 'The node b: The team would be a part of itself: Inner > Inner.' },
    ]);
    const { extensions } = await maker.refusedUpdate(inner, of(outer));
    expect(extensions.fields).toEqual([
      { path: AT, message: 'The node b: The team would be a part of itself: Inner > Outer > Middle > Inner.' },
    ]);
  });

  it('is refused by drafts alone: what is published may still be otherwise', async () => {
    const one = await maker.team('One', { a: ada });
    const two = await maker.team('Two', { a: ada });
    await maker.regroup(one, { t: two });
    expect((await maker.refusedUpdate(two, of(one))).message).toContain('Two > One > Two');
    await maker.regroup(one, { a: ada });
    await maker.update(two, of(one));
    await maker.publish(two);
  });

  it('is refused of two that are published at the same moment', async () => {
    for (let round = 0; round < 5; round += 1) {
      const one = await maker.team('One', { a: ada });
      const two = await maker.team('Two', { o: one });
      await maker.regroup(two, { a: ada });
      await maker.publish(two);
      await maker.regroup(one, { t: two });
      await maker.publish(one);
      await maker.regroup(one, { b: bob });
      await maker.publish(one);
      const [first, second] = await Promise.all([maker.rollBack(one, 2), maker.rollBack(two, 1)]);
      const errors = [...(first.errors ?? []), ...(second.errors ?? [])];
      expect(errors.map(({ extensions }) => extensions.code)).toEqual(['CONFLICT']);
      expect(errors[0]?.message).toMatch(/(One > Two > One|Two > One > Two)/);
    }
  });
});

describe('teams within teams', () => {
  it('are nested as deep as the limit of the outer one allows', async () => {
    const [first, second] = [await maker.team('First', { a: ada }), await maker.team('Also', { a: ada })];
    const middle = await maker.team('Middle', { f: first, s: second });
    const { agent, reason } = await maker.create('Outer', {
      team: { nodes: nodesOf({ a: ada, m: middle }), supervisor: {} },
    });
    expect(reason).toBe('The node m: Outer > Middle > First > Ada is 4 deep; maxDepth allows 3.');
    await maker.update(agent.id, { limits: { maxDepth: 4 } });
    await maker.publish(agent.id);
  });
});

describe('an agent that is in a team', () => {
  it('tells the teams that hold it, in drafts too, newest first', async () => {
    const cora = await maker.agent('Cora');
    const published = await maker.team('Published', { c: cora });
    const draft = await maker.team('Draft', { c: cora }, { publish: false });
    const gone = await maker.team('Gone', { c: cora });
    await maker.archive(gone);
    expect(await maker.usedBy(cora)).toEqual(['Draft', 'Published']);
    await maker.regroup(published, { a: ada });
    expect(await maker.usedBy(cora)).toEqual(['Draft', 'Published']);
    await maker.publish(published);
    expect(await maker.usedBy(cora)).toEqual(['Draft']);
    await maker.regroup(draft, { a: ada });
    expect(await maker.usedBy(cora)).toEqual([]);
  });

  it('tells them page by page', async () => {
    const cora = await maker.agent('Cora');
    for (const name of ['1', '2', '3', '4', '5']) await maker.team(name, { c: cora });
    const source = `query ($id: ID!, $after: String) { agent(id: $id) { usedBy(first: 2, after: $after) {
      totalCount nodes { name } pageInfo { hasNextPage endCursor } } } }`;
    const names: string[] = [];
    let after: string | null = null;
    for (let pages = 0; pages < 3; pages += 1) {
      const { agent }: TeamPage = await maker.client.request<TeamPage>(source, { id: cora, after });
      expect(agent.usedBy.totalCount).toBe(5);
      expect(agent.usedBy.pageInfo.hasNextPage).toBe(pages < 2);
      names.push(...agent.usedBy.nodes.map(({ name }) => name));
      after = agent.usedBy.pageInfo.endCursor;
    }
    expect(names).toEqual(['5', '4', '3', '2', '1']);
  });

  it('is not archived while a published team holds it, unless that is meant', async () => {
    const cora = await maker.agent('Cora');
    const team = await maker.team('Desk', { c: cora });
    const draft = await maker.team('Plan', { c: cora }, { publish: false });
    const refusal = await maker.refusedArchive(cora);
    expect(refusal.extensions.code).toBe('CONFLICT');
    expect(refusal.message).toBe('“Cora” works in “Desk”: take it out of there, or archive it with force.');
    await maker.archive(cora, { force: true });
    for (const id of [team, draft]) {
      expect(await maker.problems(id)).toEqual([
        { severity: 'ERROR', path: 'definition.team.nodes.c', message: 'The node c: Cora is archived.' },
      ]);
    }
    await maker.archive(cora);
    await maker.client.request('mutation ($id: ID!) { restoreAgent(input: {agentId: $id}) { agent { id } } }', {
      id: cora,
    });
    expect(await maker.problems(team)).toEqual([]);
  });

  it('is archived where only drafts and archived teams hold it', async () => {
    const cora = await maker.agent('Cora');
    await maker.team('Plan', { c: cora }, { publish: false });
    await maker.archive(await maker.team('Gone', { c: cora }));
    await maker.archive(cora);
  });

  it('goes, or the team comes: not both at the same moment', async () => {
    for (let round = 0; round < 5; round += 1) {
      const cora = await maker.agent('Cora');
      const team = await maker.team('Desk', { c: cora }, { publish: false });
      const outcomes = await Promise.allSettled([maker.archive(cora), maker.publish(team)]);
      expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    }
  });
});

describe('who may', () => {
  it('make teams, publish them and read them is as with any agent', async () => {
    const [member, viewer, stranger] = await Promise.all([
      maker.test.seed.member(maker.owner, 'MEMBER'),
      maker.test.seed.member(maker.owner, 'VIEWER'),
      maker.test.seed.owner(),
    ]);
    const { agent, published, reason } = await maker.as(member).create('Desk', of(bob));
    expect([published, reason]).toEqual([false, 'Publishing it needs the permission agents:publish.']);
    const source = 'query ($id: ID!) { agent(id: $id) { team { nodes { agent { name } } } usedBy { totalCount } } }';
    expect(await viewer.client.request(source, { id: agent.id })).toEqual({
      agent: { team: { nodes: [{ agent: { name: 'Ada' } }, { agent: { name: 'Bob' } }] }, usedBy: { totalCount: 0 } },
    });
    expect((await maker.as(viewer).refusedUpdate(agent.id, of(bob))).extensions.code).toBe('FORBIDDEN');
    expect((await maker.as(member).refusedArchive(agent.id)).extensions.code).toBe('FORBIDDEN');
    expect((await maker.as(stranger).refusedUpdate(agent.id, of(bob))).extensions.code).toBe('NOT_FOUND');
    expect((await stranger.client.refusal(source, { id: agent.id })).extensions.code).toBe('NOT_FOUND');
  });
});
