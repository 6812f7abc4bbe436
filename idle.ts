const l=Deno.listen({hostname:"127.0.0.1",port:4555});
const size=Number(Deno.args[0]);
const keep=[];
(async()=>{for await(const c of l){keep.push(c);(async()=>{const b=new Uint8Array(size);await c.read(b);})();}})();
setInterval(()=>{console.log(keep.length, Deno.memoryUsage().rss/1e6|0, Deno.memoryUsage().heapUsed/1e6|0, Deno.memoryUsage().external/1e6|0)},1000);
setTimeout(()=>Deno.exit(0),4500);
