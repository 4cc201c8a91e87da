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

    Scenario Outline: a <request> request with any missing Authorization
      Given a <request> request that the server accepts
      When it is sent with every missing Authorization
      Then each is refused, and none has an effect

      Examples:
        | request                       |
        | every signed deposits request |

  @DEP-AUTH-03 @must
  Rule: the read-only endpoints take the read-only key

    @observe
    Scenario Outline: <request> with the read-only key
      When a <request> request is made with the read-only key
      Then it was accepted
      And how it shows the key is reported as AMB-03

      Examples:
        | request                 |
        | every read-only request |

      @observed
      Examples: an endpoint that no page describes
        | request |
        | states  |

  @DEP-SEC-03 @must
  Rule: the read-only endpoints want authentication too

    @observe
    Scenario Outline: a <request> request without a key
      Given a <request> request that the server accepts
      When it is sent with every missing read-only key
      Then each is refused, and none has an effect

      Examples:
        | request                 |
        | every read-only request |

      @observed
      Examples: an endpoint that no page describes
        | request |
        | states  |

  @DEP-AUTH-03 @must
  Rule: the read-only endpoints take no other key

    @observe
    Scenario Outline: a <request> request with another key
      Given a <request> request that the server accepts
      When it is sent with every read-only key that is not ours
      Then each is refused, and none has an effect

      Examples:
        | request                 |
        | every read-only request |

      @observed
      Examples: an endpoint that no page describes
        | request |
        | states  |

  @DEP-AUTH-01 @must
  Rule: the API keys authenticate every request

    Scenario Outline: a <request> request signed with a secret that nobody has
      Given a <request> request that the server accepts
      When it is sent with every secret that nobody has
      Then each is refused because of its signature, and none has an effect

      Examples:
        | request                       |
        | every signed deposits request |

  @DEP-AUTH-06 @must
  Rule: the API key is sent in X-Login in every call

    Scenario Outline: a <request> request from another login
      Given a <request> request that the server accepts
      When it is sent with every X-Login that is not ours
      Then each is refused because of its login, and none has an effect

      Examples:
        | request                       |
        | every signed deposits request |

  @DEP-AUTH-02 @must
  Rule: operations that create something take the API key and signature

    Scenario Outline: a <request> request with a key instead of a signature
      Given a <request> request that the server accepts
      When it is sent with every other key instead of a signature
      Then each is refused, and none has an effect

      Examples:
        | request             |
        | every deposits POST |

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
