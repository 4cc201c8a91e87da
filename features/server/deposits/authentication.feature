@server @deposits
Feature: Deposits know who is calling

  @DEP-SEC-03 @DEP-HDR-02 @must
  Rule: a request without authentication fails

    Scenario Outline: a <request> request without Authorization
      Given a <request> request that the server accepts
      When only its Authorization is left out
      Then it is refused because of its missing Authorization
      And its code is reported as AMB-22
      And the form of its error is reported as AMB-26

      Examples:
        | request        |
        | deposit        |
        | deposit status |
        | refund         |
        | refund status  |

    Scenario: an Authorization that is empty
      Given a deposit request that the server accepts
      When only its Authorization is empty
      Then it is refused

    Scenario: the scheme word alone
      Given a deposit request that the server accepts
      When only its signature is nothing at all
      Then it is refused

  @DEP-AUTH-03 @must
  Rule: the read-only endpoints take the read-only key

    @observe
    Scenario Outline: <request> with the read-only key
      When a <request> request is made with the read-only key
      Then it was accepted

      Examples:
        | request               |
        | payment methods       |
        | exchange rates        |
        | crypto exchange rates |
        | banks                 |

      @observed
      Examples: an endpoint that no page describes
        | request |
        | states  |

  @DEP-SEC-03 @must
  Rule: the read-only endpoints want authentication too

    @observe
    Scenario Outline: <request> without a key
      Given a <request> request that the server accepts
      When only its Authorization is left out
      Then it is refused

      Examples:
        | request         |
        | payment methods |
        | exchange rates  |
        | banks           |

      @observed
      Examples: an endpoint that no page describes
        | request |
        | states  |

  @DEP-AUTH-03 @must
  Rule: the read-only endpoints take no other key

    @observe
    Scenario Outline: <request> with a read-only key that nobody has
      Given a <request> request that the server accepts
      When only its read-only key is ours with its last character changed
      Then it is refused

      Examples:
        | request               |
        | payment methods       |
        | exchange rates        |
        | crypto exchange rates |
        | banks                 |

      @observed
      Examples: an endpoint that no page describes
        | request |
        | states  |

  @DEP-AUTH-01 @must
  Rule: the API keys authenticate every request

    Scenario Outline: a <request> request signed with a key that nobody has
      Given a <request> request that the server accepts
      When only its signature is made with a made-up key
      Then it is refused because of its signature

      Examples:
        | request        |
        | deposit        |
        | hosted deposit |
        | deposit status |
        | refund         |
        | refund status  |

  @DEP-AUTH-06 @must
  Rule: the API key is sent in X-Login in every call

    Scenario Outline: a <request> request from an unknown login
      Given a <request> request that the server accepts
      When only its X-Login is ours with its last character changed
      Then it is refused because of its login

      Examples:
        | request        |
        | deposit        |
        | deposit status |
        | refund         |
        | refund status  |

  @DEP-AUTH-02 @must
  Rule: operations that create something take the API key and signature

    Scenario Outline: a <request> request with the read-only key
      Given a <request> request that the server accepts
      When only its Authorization is the read-only key
      Then it is refused

      Examples:
        | request |
        | deposit |
        | refund  |

    Scenario: the read-only key as the key of the signature
      Given a deposit request that the server accepts
      When only its signature is made with the read-only key
      Then it is refused because of its signature

  @DEP-AUTH-02 @must @observed
  Rule: where the documents leave the scheme open

    Scenario: HTTP Basic instead of the D24 scheme
      Given a deposit request that the server accepts
      When only its Authorization is HTTP Basic
      Then it is refused, or accepted where AMB-01 is read as basic-ok

    Scenario: a read-only endpoint with a signature
      Given a payment methods request that the server accepts
      When only its Authorization is a deposits signature
      Then it is refused, or accepted where AMB-03 is read as hmac-also
