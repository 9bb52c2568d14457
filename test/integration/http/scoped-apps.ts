import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import 'reflect-metadata'
import { serve } from '@hono/node-server'
import { Body, Controller, Get, Module, Param, Post } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { requestScope as ofExpress } from '@poolsafe/http/express'
import { requestScope as ofFastify } from '@poolsafe/http/fastify'
import { requestScope as ofHono } from '@poolsafe/http/hono'
import { requestScope as ofNest } from '@poolsafe/http/nest'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'

/** The work of the routes of every application. */
export interface Work {
  /** `GET /orders/:id/lines` */
  list(id: string): Promise<unknown>
  /** `POST /orders`, whose body is read before. */
  create(ids: readonly number[]): Promise<unknown>
}

export interface Running {
  readonly url: string
  close(): Promise<unknown>
}

export interface App {
  readonly framework: string
  start(work: Work): Promise<Running>
}

const host = '127.0.0.1'
const urlOf = (port: number): string => `http://${host}:${port}`
const portOf = (address: unknown): number => (address as AddressInfo).port

const onExpress: App = {
  framework: 'Express',
  async start(work) {
    const app = express()
    app.use(ofExpress({ tag: 'web' }))
    app.use(express.json())
    app.get('/orders/:id/lines', (request, response, next) => {
      work.list(request.params.id).then((answer) => response.json(answer), next)
    })
    app.post('/orders', (request, response, next) => {
      work.create(request.body.ids).then((answer) => response.json(answer), next)
    })
    const server = createServer(app)
    await new Promise<void>((resolve) => server.listen(0, host, resolve))
    return {
      url: urlOf(portOf(server.address())),
      close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
    }
  },
}

const onFastify: App = {
  framework: 'Fastify',
  async start(work) {
    const app = fastify({ forceCloseConnections: true })
    app.register(ofFastify({ tag: 'web' }))
    app.get<{ Params: { id: string } }>('/orders/:id/lines', ({ params }) => work.list(params.id))
    app.post<{ Body: { ids: number[] } }>('/orders', ({ body }) => work.create(body.ids))
    return { url: await app.listen({ host, port: 0 }), close: () => app.close() }
  },
}

const onHono: App = {
  framework: 'Hono',
  async start(work) {
    const app = new Hono()
    app.use(ofHono({ tag: 'web' }))
    app.onError((_error, context) => context.text('failed', 500))
    app.get('/orders/:id/lines', async (context) => context.json((await work.list(context.req.param('id'))) as []))
    app.post('/orders', async (context) => context.json((await work.create((await context.req.json()).ids)) as []))
    const server = await new Promise<ReturnType<typeof serve>>((resolve) => {
      const starting = serve({ fetch: app.fetch, hostname: host, port: 0 }, () => resolve(starting))
    })
    return {
      url: urlOf(portOf(server.address())),
      close: () =>
        new Promise((resolve) => {
          server.close(resolve)
          if ('closeAllConnections' in server) server.closeAllConnections()
        }),
    }
  },
}

/** Decorators are functions: Node strips types, and leaves nothing that would have to be compiled. */
function decorate(target: object, name: string, method: MethodDecorator, parameter: ParameterDecorator): void {
  method(target, name, Object.getOwnPropertyDescriptor(target, name) as PropertyDescriptor)
  parameter(target, name, 0)
}

const onNest: App = {
  framework: 'NestJS',
  async start(work) {
    class OrdersController {
      list(id: string): Promise<unknown> {
        return work.list(id)
      }
      create({ ids }: { ids: number[] }): Promise<unknown> {
        return work.create(ids)
      }
    }
    decorate(OrdersController.prototype, 'list', Get(':id/lines'), Param('id'))
    decorate(OrdersController.prototype, 'create', Post(), Body())
    Controller('orders')(OrdersController)
    class AppModule {
      readonly name = 'orders'
    }
    Module({ controllers: [OrdersController] })(AppModule)
    const app = await NestFactory.create(AppModule, { logger: false, forceCloseConnections: true })
    app.use(ofNest({ tag: 'web' }))
    await app.listen(0, host)
    return { url: urlOf(portOf(app.getHttpServer().address())), close: () => app.close() }
  },
}

export const apps: readonly App[] = [onExpress, onFastify, onHono, onNest]
