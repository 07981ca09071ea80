"""A client of Socket.IO, with python-socketio, as people write them: a handler takes
what the event is about, and an argument too many is an error."""
import json
import os
import sys

import socketio

TENANT = os.environ['TENANT']


def tell(on, **more):
    print(json.dumps({'on': on, **more}), flush=True)


client = socketio.Client(reconnection_delay=0.1, randomization_factor=0)


@client.event
def connect():
    tell('connect', id=client.get_sid())
    client.emit('join-tenant', json.loads(os.environ['JOIN']), callback=lambda answer: tell('answer', args=[answer]))


@client.event
def disconnect():
    tell('disconnect')


if os.environ.get('META'):
    @client.on('order:created')
    def created(order, meta):
        tell('event', name='order:created', args=[order, meta])
else:
    @client.on('order:created')
    def created(order):
        tell('event', name='order:created', args=[order])


transports = json.loads(os.environ['TRANSPORTS'])
client.connect(os.environ['FEED_URL'], auth=json.loads(os.environ['AUTH']), transports=transports, wait_timeout=60)
for line in sys.stdin:  # renew
    tell('renewed', args=[client.call('auth', json.loads(line), timeout=60)])
client.disconnect()
