import { Controller, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Route } from '../http/route.js';
import { PageFiles } from './page-files.js';

/** The page behind the printed address, and the viewer of the API's description. */
@Controller()
export class PagesController {
  private readonly files = new PageFiles();

  @Route('home')
  home(@Res() reply: FastifyReply): Promise<void> {
    return this.send(reply, '/');
  }

  @Route('docs')
  docs(@Res() reply: FastifyReply): Promise<void> {
    return this.send(reply, '/docs');
  }

  private async send(reply: FastifyReply, path: string): Promise<void> {
    const { type, bytes } = await this.files.get(path);
    void reply.header('content-type', type).send(bytes);
  }
}
