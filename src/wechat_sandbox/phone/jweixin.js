/*
 * What res.wx.qq.com/open/js/jweixin-1.6.0.js is to WeChat, this is to the sandbox's phone: it defines `wx` (and
 * `jWeixin`), and, inside the phone alone, `WeixinJSBridge` with its event WeixinJSBridgeReady.
 *
 * In the phone a page is a frame. On loading it says "hello" to the window around it; only the phone answers, and with
 * the answer the bridge appears. Elsewhere `wx` is there but does nothing, as with WeChat's own file in a browser.
 *
 * A frame whose name begins with "miniprogram:" runs an H5 build as a mini program: `wx` then has besides what a mini
 * program calls (login, requestPayment, ...), with its errMsg ("requestPayment:fail cancel"), callbacks or a promise.
 *
 * As WeChat's own file does: `wx.ready` runs when config is settled, even when it failed; `wx.error` gets
 * {errMsg: "config:invalid signature"}; a call outside jsApiList fails with "the permission value is offline verifying".
 */
(function (window, document) {
  "use strict";
  if (window.jWeixin) return;

  // wx's name -> the native name, where they differ.
  var NATIVE = {
    config: "preVerifyJSAPI", chooseWXPay: "getBrandWCPayRequest", getLocation: "geoLocation",
    previewImage: "imagePreview", openAddress: "editAddress",
    onMenuShareTimeline: "menu:share:timeline", onMenuShareAppMessage: "menu:share:appmessage",
  };
  var FROM_NATIVE = {};
  Object.keys(NATIVE).forEach(function (name) { FROM_NATIVE[NATIVE[name]] = name; });

  // ---- the line to the phone -------------------------------------------------------------------------------------

  var phone = window.parent !== window ? window.parent : null;
  var inMini = Boolean(phone) && /^miniprogram:/.test(window.name);
  var phoneOrigin = "*"; // Unknown until the phone has answered; "hello" holds nothing secret.
  var waiting = {};
  var lastId = 0;
  var listeners = {};
  var steps = 0; // Entries that this document added to its history, for browsers without the Navigation API.

  function send(method, params, done) {
    var id = ++lastId;
    if (done) waiting[id] = done;
    phone.postMessage({ sandbox: 1, id: id, method: method, params: plain(params) }, phoneOrigin);
  }

  /** Functions cannot be posted; the rest of an option object can. */
  function plain(params) {
    var clean = {};
    Object.keys(params || {}).forEach(function (key) {
      if (typeof params[key] !== "function") clean[key] = params[key];
    });
    try {
      return JSON.parse(JSON.stringify(clean, function (key, value) { return value === undefined ? null : value; }));
    } catch (error) {
      return {};
    }
  }

  function heard(event) {
    var data = event.data;
    if (event.source !== phone || !data || data.sandbox !== 1) return;
    if (data.event) return emitted(data.event, data.params);
    var done = waiting[data.id];
    if (!done) return;
    delete waiting[data.id];
    if (phoneOrigin === "*") phoneOrigin = event.origin;
    done(data.result || {});
  }

  function emitted(name, params) {
    if (name === "back") return window.history.back();
    if (name === "ask-share") return tellShare((params && params.to) || "appmessage");
    if (name === "shared") name = "menu:share:" + ((params && params.to) || "appmessage");
    (listeners[name] || []).slice().forEach(function (listener) { listener(params || {}); });
  }

  function whereabouts() {
    var nav = window.navigation;
    return { url: window.location.href, title: document.title, canGoBack: nav ? nav.canGoBack : steps > 0 };
  }

  // ---- WeixinJSBridge --------------------------------------------------------------------------------------------

  var bridge = {
    /** Calls a native function; `callback` gets {err_msg: "<name>:ok|cancel|fail", ...}. */
    invoke: function (name, params, callback) {
      if (typeof params === "function") { callback = params; params = {}; }
      send(name, params, function (result) { if (callback) callback(result); });
    },
    call: function (name, params) { bridge.invoke(name, params); },
    on: function (name, listener) { (listeners[name] = listeners[name] || []).push(listener); },
    /** The sandbox's own: who holds this phone. */
    sandbox: null,
  };

  function appear(result) {
    bridge.sandbox = { shopper_id: result.shopper_id };
    if (inMini) window.__wxjs_environment = "miniprogram";
    window.WeixinJSBridge = bridge;
    watch();
    var event = document.createEvent("Event");
    event.initEvent("WeixinJSBridgeReady", true, false);
    document.dispatchEvent(event);
  }

  /** Tells the phone of new titles and addresses for its title bar. */
  function watch() {
    var last = "";
    function tell() {
      var now = whereabouts();
      var text = JSON.stringify(now);
      if (text !== last) { last = text; send("location", now); }
    }
    function soon() { setTimeout(tell, 0); }
    ["pushState", "replaceState"].forEach(function (name) {
      var original = window.history[name];
      window.history[name] = function () {
        var answer = original.apply(this, arguments);
        if (name === "pushState") steps += 1;
        soon();
        return answer;
      };
    });
    window.addEventListener("hashchange", soon);
    window.addEventListener("popstate", function () { steps = Math.max(0, steps - 1); soon(); });
    window.addEventListener("pageshow", soon);
    if (window.navigation) window.navigation.addEventListener("currententrychange", soon);
    new MutationObserver(soon).observe(document.head || document.documentElement, { childList: true, subtree: true, characterData: true });
    document.addEventListener("DOMContentLoaded", soon);
    soon();
  }

  /** Runs now or when the bridge appears; never outside the phone. */
  function whenBridge(work) {
    if (window.WeixinJSBridge) work();
    else document.addEventListener("WeixinJSBridgeReady", work, { once: true });
  }

  // ---- wx --------------------------------------------------------------------------------------------------------

  var settings = {};
  var settled = 0; // 0 not yet, 1 done (also after a failure that wx.error has heard), -1 failed and nobody heard.
  var failure = {};
  var onReady = [];
  var onError = null;

  /** "get_brand_wcpay_request:fail_some_thing" -> "chooseWXPay:some thing", as wx writes errMsg. */
  function errMsg(name, message) {
    var words = String(message || "").replace(/^[^:]*:/, "").replace(/^(fail|failed)_(?=.)/, "").replace(/_/g, " ");
    if (words === "confirm") words = "ok";
    if (words === "failed" || words === "") words = "fail";
    return name + ":" + words;
  }

  function signed(params) {
    params = params || {};
    params.appId = settings.appId;
    params.verifyAppId = settings.appId;
    params.verifySignType = "sha1";
    params.verifyTimestamp = String(settings.timestamp);
    params.verifyNonceStr = settings.nonceStr;
    params.verifySignature = settings.signature;
    return params;
  }

  /** One call through wx: success, cancel or fail, then complete; `shape` dresses the result first. */
  function call(name, params, options, shape) {
    options = options || {};
    if (!window.WeixinJSBridge) {
      if (settings.debug) console.log('"' + name + '",', options);
      return;
    }
    bridge.invoke(NATIVE[name] || name, signed(params), function (result) {
      result.errMsg = errMsg(name, result.err_msg);
      delete result.err_msg;
      if (shape) shape(result);
      // WeChat alerts here; a frame may not, so the phone shows it.
      if (settings.debug) send("notice", { text: JSON.stringify(result) });
      finish(result, options);
    });
  }

  function finish(result, options) {
    var outcome = result.errMsg.slice(result.errMsg.indexOf(":") + 1);
    if (outcome === "ok") { if (options.success) options.success(result); }
    else if (outcome === "cancel") { if (options.cancel) options.cancel(result); }
    else if (options.fail) options.fail(result);
    if (options.complete) options.complete(result);
  }

  function native(names) {
    return (names || []).map(function (name) { return NATIVE[name] || name; });
  }

  /** A method that passes the named options on as they are. */
  function passing(name, keys) {
    return function (options) {
      var params = {};
      (keys || []).forEach(function (key) { if (options && options[key] !== undefined) params[key] = options[key]; });
      call(name, params, options);
    };
  }

  function sharing(name, to) {
    return function (options) {
      options = options || {};
      bridge.on("menu:share:" + to, function () {
        if (options.trigger) options.trigger({ errMsg: name + ":ok" });
        finish({ errMsg: name + ":ok" }, options);
      });
      whenBridge(function () {
        bridge.invoke(to === "timeline" ? "updateTimelineShareData" : "updateAppMessageShareData",
          signed({ title: options.title, desc: options.desc, link: options.link, imgUrl: options.imgUrl }));
      });
    };
  }

  var wx = {
    config: function (options) {
      settings = options || {};
      whenBridge(function () {
        var params = signed({ verifyJsApiList: native(settings.jsApiList), url: window.location.href.split("#")[0] });
        bridge.invoke("preVerifyJSAPI", params, function (result) {
          result.errMsg = errMsg("config", result.err_msg);
          delete result.err_msg;
          if (settings.debug) send("notice", { text: JSON.stringify(result) });
          settled = 1;
          if (result.errMsg !== "config:ok") {
            failure = result;
            if (onError) onError(result); else settled = -1;
          }
          onReady.splice(0).forEach(function (work) { work(); });
        });
      });
    },
    ready: function (work) { if (settled !== 0) work(); else onReady.push(work); },
    error: function (work) { if (settled === -1) work(failure); else onError = work; },
    checkJsApi: function (options) {
      call("checkJsApi", { jsApiList: native(options && options.jsApiList) }, options, function (result) {
        var said = result.checkResult || {};
        result.checkResult = {};
        Object.keys(said).forEach(function (name) { result.checkResult[FROM_NATIVE[name] || name] = said[name]; });
      });
    },
    chooseWXPay: function (options) {
      call("chooseWXPay", {
        timeStamp: String(options.timestamp), nonceStr: options.nonceStr, package: options.package,
        paySign: options.paySign, signType: options.signType || "SHA1",
      }, options);
    },
    updateAppMessageShareData: passing("updateAppMessageShareData", ["title", "desc", "link", "imgUrl"]),
    updateTimelineShareData: passing("updateTimelineShareData", ["title", "link", "imgUrl"]),
    onMenuShareAppMessage: sharing("onMenuShareAppMessage", "appmessage"),
    onMenuShareTimeline: sharing("onMenuShareTimeline", "timeline"),
    hideOptionMenu: passing("hideOptionMenu"),
    showOptionMenu: passing("showOptionMenu"),
    hideMenuItems: passing("hideMenuItems", ["menuList"]),
    showMenuItems: passing("showMenuItems", ["menuList"]),
    hideAllNonBaseMenuItem: passing("hideAllNonBaseMenuItem"),
    showAllNonBaseMenuItem: passing("showAllNonBaseMenuItem"),
    closeWindow: passing("closeWindow"),
    scanQRCode: passing("scanQRCode", ["needResult", "scanType"]),
    getLocation: passing("getLocation", ["type"]),
    openLocation: passing("openLocation", ["latitude", "longitude", "name", "address", "scale", "infoUrl"]),
    previewImage: passing("previewImage", ["current", "urls"]),
    getNetworkType: function (options) {
      call("getNetworkType", {}, options, function (result) {
        result.networkType = result.errMsg.slice(result.errMsg.indexOf(":") + 1);
        result.errMsg = "getNetworkType:ok";
      });
    },
    openAddress: function (options) {
      call("openAddress", {}, options, function (result) {
        result.postalCode = result.addressPostalCode;
        result.provinceName = result.proviceFirstStageName;
        result.cityName = result.addressCitySecondStageName;
        result.countryName = result.addressCountiesThirdStageName;
        result.detailInfo = result.addressDetailInfo;
      });
    },
    invoke: function (name, params, callback) { whenBridge(function () { bridge.invoke(name, signed(params), callback); }); },
    on: function (name, listener) { bridge.on(name, listener); },
    miniProgram: {
      getEnv: function (callback) {
        whenBridge(function () { callback({ miniprogram: window.__wxjs_environment === "miniprogram" }); });
      },
    },
  };

  // What a page may ask for but this phone has not: it fails as in a WeChat too old to know it.
  [
    "chooseImage", "uploadImage", "downloadImage", "getLocalImgData", "startRecord", "stopRecord", "onVoiceRecordEnd",
    "playVoice", "pauseVoice", "stopVoice", "onVoicePlayEnd", "uploadVoice", "downloadVoice", "translateVoice",
    "addCard", "chooseCard", "openCard", "openProductSpecificView", "openEnterpriseChat", "launchMiniProgram",
    "startSearchBeacons", "stopSearchBeacons", "onSearchBeacons", "onMenuShareQQ", "onMenuShareWeibo", "onMenuShareQZone",
  ].forEach(function (name) { wx[name] = passing(name); });
  ["navigateTo", "redirectTo", "navigateBack", "switchTab", "reLaunch", "postMessage"].forEach(function (name) {
    wx.miniProgram[name] = function (options) {
      whenBridge(function () { finish({ errMsg: name + ":fail not in a mini program" }, options || {}); });
    };
  });

  // Confirms a merchant's transfer to one's change; pages reach it by WeixinJSBridge.invoke as well.
  wx.requestMerchantTransfer = function (options) {
    return miniCall("requestMerchantTransfer", picked(options, ["mchId", "subMchId", "appId", "package", "openId"]), options);
  };

  // ---- what a mini program has besides ---------------------------------------------------------------------------

  var shareSources = {};

  function picked(options, keys) {
    var params = {};
    keys.forEach(function (key) { if (options && options[key] !== undefined) params[key] = options[key]; });
    return params;
  }

  /** A mini program's call: err_msg is its errMsg already. Without callbacks it answers a promise. */
  function miniCall(name, params, options) {
    options = options || {};
    function run(done) {
      whenBridge(function () {
        bridge.invoke(name, params, function (result) {
          result.errMsg = result.err_msg;
          delete result.err_msg;
          done(result);
        });
      });
    }
    if (options.success || options.fail || options.complete) {
      run(function (result) {
        var good = /:ok$/.test(result.errMsg);
        if (good && options.success) options.success(result);
        if (!good && options.fail) options.fail(result);
        if (options.complete) options.complete(result);
      });
      return undefined;
    }
    return new Promise(function (resolve, reject) {
      run(function (result) { (/:ok$/.test(result.errMsg) ? resolve : reject)(result); });
    });
  }

  /** The phone asks at the moment of sharing, as WeChat does; the page's function says what is shared. */
  function tellShare(to) {
    var source = shareSources[to] || shareSources.appmessage;
    var card = null;
    try { card = source ? source({ from: "menu" }) : null; } catch (error) { console.error(error); }
    Promise.resolve(card && card.promise ? card.promise : card).then(function (said) {
      send("shareCard", { to: to, card: said || null, url: window.location.href });
    });
  }

  if (inMini) {
    [
      ["login", ["timeout"]], ["checkSession", []], ["scanCode", ["onlyFromCamera", "scanType"]],
      ["requestPayment", ["timeStamp", "nonceStr", "package", "signType", "paySign"]],
      ["requestSubscribeMessage", ["tmplIds"]], ["navigateBack", ["delta"]], ["exitMiniProgram", []],
      ["setNavigationBarTitle", ["title"]], ["navigateToMiniProgram", ["appId", "path"]],
      // In a mini program it is a button (open-type="getPhoneNumber"); an H5 build calls this when it is tapped.
      ["getPhoneNumber", []],
    ].forEach(function (entry) {
      wx[entry[0]] = function (options) { return miniCall(entry[0], picked(options, entry[1]), options); };
    });
    wx.onShareAppMessage = function (source) { shareSources.appmessage = source; };
    wx.onShareTimeline = function (source) { shareSources.timeline = source; };
    wx.miniProgram.navigateBack = wx.navigateBack;
  }

  window.wx = window.jWeixin = wx;

  if (phone) {
    window.addEventListener("message", heard);
    send("hello", whereabouts(), appear);
  }
})(window, document);
