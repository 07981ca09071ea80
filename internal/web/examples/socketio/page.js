/* global io */

var socket;

document.getElementById('login').addEventListener('submit', function (event) {
  event.preventDefault();
  if (socket) socket.disconnect();
  connect(value('server'), value('tenant'), value('token'));
});

function connect(url, tenantId, token) {
  socket = io(url, { auth: { token: token } });

  // Also after each reconnect: a new connection is in no room.
  socket.on('connect', function () {
    show('connected');
    socket.emit('join-tenant', tenantId, function (answer) {
      show(answer.ok ? 'joined' : 'refused: ' + answer.message);
    });
  });
  socket.on('disconnect', function (reason) {
    show('disconnected: ' + reason);
  });
  socket.on('connect_error', function (error) {
    show('not connected: ' + error.message);
  });

  socket.on('order:created', function (order) {
    row(order);
    notify('New order ' + order.order_number + ' for ' + order.customer);
  });
  socket.on('order:updated', row);
  socket.on('order:status-changed', function (change) {
    notify('Order ' + change.order.order_number + ' is ' + change.status);
  });
  socket.on('stock:adjusted', function (adjustment) {
    notify('Stock adjusted by ' + adjustment.quantity + ': ' + adjustment.reason);
  });
}

/* Puts an order into the table, at the top if it is not in there. */
function row(order) {
  var tr = document.getElementById(order.id);
  if (!tr) {
    tr = document.createElement('tr');
    tr.id = order.id;
    document.getElementById('orders').prepend(tr);
  }
  tr.textContent = '';
  [order.order_number, order.customer, order.total, order.status].forEach(function (text) {
    // textContent, never innerHTML: customers choose their names.
    tr.appendChild(document.createElement('td')).textContent = text;
  });
}

function notify(text) {
  var list = document.getElementById('notifications');
  var item = document.createElement('li');
  item.textContent = text;
  list.prepend(item);
  if (list.children.length > 100) list.lastChild.remove();
}

function show(state) {
  document.getElementById('state').textContent = state;
}

function value(id) {
  return document.getElementById(id).value.trim();
}
