import socket,time
s=[]
for i in range(1000):
    c=socket.create_connection(("127.0.0.1",4555)); s.append(c)
time.sleep(3)
