import type { Organization } from '#prisma/generated/client';

export const presentOrganization = ({ id, name, createdAt }: Organization) => ({ id, name, createdAt });
